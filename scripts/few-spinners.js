import { readFile } from 'node:fs/promises'

/** Of the ninety spinners that oclif's action brings it draws these: the others are 25 kB. */
const drawn = ['dots2', 'line']

export const fewSpinners = {
  name: 'few-spinners',
  setup: (build) => {
    build.onLoad({ filter: /[\\/]cli-spinners[\\/]spinners\.json$/ }, async ({ path }) => {
      const all = JSON.parse(await readFile(path, 'utf8'))
      for (const name of drawn) if (!(name in all)) throw new Error(`${path} has no spinner ${name}`)
      return { contents: JSON.stringify(Object.fromEntries(drawn.map((name) => [name, all[name]]))), loader: 'json' }
    })
  },
}
