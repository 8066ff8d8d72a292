import { readFile } from 'node:fs/promises'

const asks = '= getStreamFuncs()'

/**
 * pg asks whether it runs at Cloudflare by making a Response: Node 20 loads all of its fetch for that, some 25 ms before the first question to a database.
 * Here it is told.
 */
export const nodeOnly = {
  name: 'node-only',
  setup: (build) => {
    build.onLoad({ filter: /[\\/]pg[\\/]lib[\\/]stream\.js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8')
      if (!text.includes(asks)) throw new Error(`${path} does not ask where it runs as it did`)
      return { contents: text.replace(asks, '= getNodejsStreamFuncs()'), loader: 'js' }
    })
  },
}
