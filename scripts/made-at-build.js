import { rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { banner } from './lean.js'

/** Files whose one export is a function of nothing, which comes to the same texts each time. */
const files = /[\\/]sandbox[\\/]deployment[\\/]manifests\.ts$/

/** The module as it runs now, by itself; as another one at each `time`. */
const evaluated = async (path, target, time) => {
  const bundled = { bundle: true, write: false, format: 'esm', platform: 'node', target, banner: { js: banner } }
  const { outputFiles } = await build({ entryPoints: [path], ...bundled })
  const file = join(tmpdir(), `honeydue-made-${process.pid}-${time}.mjs`)
  writeFileSync(file, outputFiles[0].contents)
  try {
    return await import(pathToFileURL(file))
  } finally {
    rmSync(file)
  }
}

/** Keeps what such a function comes to in its place: a sandbox wrote the YAML of its checkout at each start, a tenth of a second. */
export const madeAtBuild = {
  name: 'made-at-build',
  setup: (made) => {
    made.onLoad({ filter: files }, async ({ path }) => {
      const target = made.initialOptions.target
      const [once, twice] = await Promise.all([evaluated(path, target, 1), evaluated(path, target, 2)])
      const lines = Object.entries(once).map(([name, make]) => {
        const text = JSON.stringify(make())
        if (text !== JSON.stringify(twice[name]())) throw new Error(`${name} of ${path} is another one each time`)
        return `export const ${name} = () => (${text})`
      })
      return { contents: lines.join('\n'), loader: 'js' }
    })
  },
}
