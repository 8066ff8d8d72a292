import { readFile } from 'node:fs/promises'
import { transform } from 'esbuild'

/** Large packages that nothing is told of by the names of their variables, and that no stack of ours has to be read in: a quarter of them is names. */
const packages = /node_modules\/(?:@kubernetes\/client-node|asn1js|fengari|js-yaml|pkijs|ssh2|tweetnacl|ws|yaml)\/.*\.js$/

/** Shortens the names of local variables within these packages alone; our own code, and every name that is exported or a property, stays as it is written. */
export const shortNames = {
  name: 'short-names',
  setup: (build) => {
    build.onLoad({ filter: packages }, async ({ path }) => {
      const { code } = await transform(await readFile(path, 'utf8'), { loader: 'js', minifyIdentifiers: true, target: 'node20.19' })
      return { contents: code, loader: 'js' }
    })
  },
}
