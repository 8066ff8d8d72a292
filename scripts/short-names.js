import { readFile } from 'node:fs/promises'
import { transform } from 'esbuild'

/** Large packages that nothing is told of by the names of their variables, and that no stack of ours has to be read in: a quarter of them is names. */
const packages = [
  '@inquirer/[a-z]+',
  '@ioredis/commands',
  '@kubernetes/client-node',
  '@oclif/core',
  'ansis',
  'asn1',
  'asn1js',
  'fengari',
  'ioredis',
  'ip-address',
  'js-yaml',
  'jsonpath-plus',
  'listr2',
  'lodash\\.\\w+',
  'minimatch',
  'minisearch',
  'node-fetch',
  'node-ssh',
  'pg',
  'pg-\\w+',
  'picomatch',
  'pkijs',
  'pvtsutils',
  'pvutils',
  'readline-sync',
  'rfc4648',
  'rfc6902',
  'semver',
  'smart-buffer',
  'socks',
  'socks-proxy-agent',
  'ssh2',
  'tweetnacl',
  'ws',
  'yaml',
]
const files = new RegExp(`node_modules/(?:${packages.join('|')})/.*\\.js$`)

/** Shortens the names of local variables within these packages alone; our own code, and every name that is exported or a property, stays as it is written. */
export const shortNames = {
  name: 'short-names',
  setup: (build) => {
    build.onLoad({ filter: files }, async ({ path }) => {
      const { code } = await transform(await readFile(path, 'utf8'), { loader: 'js', minifyIdentifiers: true, target: 'node20.19' })
      return { contents: code, loader: 'js' }
    })
  },
}
