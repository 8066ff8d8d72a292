import { readFile } from 'node:fs/promises'

/** What packages do at every start that nothing here needs, each a text of one file with what stands for it. */
const needless = [
  // pg asks whether it runs at Cloudflare by making a Response: Node 20 loads all of its fetch for that, some 25 ms before the first question to a
  // database. Here it is told.
  { file: /[\\/]pg[\\/]lib[\\/]stream\.js$/, asks: '= getStreamFuncs()', instead: '= getNodejsStreamFuncs()' },
  // The manifest is written in this order (describe.js). Asking which of two words comes first makes Node load a language's rules: 20 ms.
  { file: /[\\/]@oclif[\\/]core[\\/]lib[\\/]config[\\/]plugin\.js$/, asks: '.sort((a, b) => a.id.localeCompare(b.id))', instead: '' },
]

export const nodeOnly = {
  name: 'node-only',
  setup: (build) => {
    for (const { file, asks, instead } of needless)
      build.onLoad({ filter: file }, async ({ path }) => {
        const text = await readFile(path, 'utf8')
        if (!text.includes(asks)) throw new Error(`${path} no longer has ${asks}`)
        return { contents: text.replace(asks, instead), loader: 'js' }
      })
  },
}
