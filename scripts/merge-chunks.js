import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { build } from 'esbuild'
import { banner } from './lean.js'

// As esbuild writes them: what is imported by name, or only to be run.
const imports = /(?<=^|[;\n])import(?:\{([^}]*)\}from)?"(\.[^"]+)"/g
const dynamic = /\bimport\("(\.[^"]+)"\)/g
const exported = /export\{([^}]*)\};?\s*(?:\/[*/][\s\S]*)?$/

/**
 * Puts the chunks that every command reads into one file, and those that the start reads into another: esbuild parts code by who uses it, and makes
 * some sixty files of what is always read together; each costs Node as much as ten kilobytes of program. Names that a file exports get its number.
 */
export const mergeChunks = async (root, { target }) => {
  const dist = join(root, 'dist')
  const files = readdirSync(dist, { recursive: true }).filter((file) => file.endsWith('.js'))
  const sources = new Map(files.map((file) => [file, readFileSync(join(dist, file), 'utf8')]))
  const importedBy = (file, pattern, at) => [...sources.get(file).matchAll(pattern)].map((found) => join(dirname(file), found[at]))
  const closure = (file, seen = new Set()) => {
    if (seen.has(file)) return seen
    seen.add(file)
    for (const next of importedBy(file, imports, 2)) closure(next, seen)
    return seen
  }
  const isChunk = (file) => basename(file).startsWith('chunk-')
  const start = closure('run.js')
  const [first, ...others] = files.filter((file) => file.startsWith('commands/')).map((file) => closure(file))
  const common = [...first].filter((file) => !start.has(file) && others.every((other) => other.has(file)))
  const groups = { 'start.js': [...start].filter(isChunk), 'common.js': common.filter(isChunk) }

  const place = new Map()
  for (const [into, members] of Object.entries(groups)) for (const member of members) place.set(member, { into, number: place.size })
  const asked = new Set(files.flatMap((file) => importedBy(file, dynamic, 1)))
  // `a as b` is a here and b there.
  const parted = (names) => names.split(',').map((name) => name.split(' as '))
  const renamed = (file, source) =>
    source.replaceAll(imports, (whole, names, path) => {
      const found = place.get(join(dirname(file), path))
      if (!found) return whole
      const to = relative(dirname(file), found.into)
      const from = to.startsWith('.') ? to : `./${to}`
      if (names === undefined) return `import"${from}"`
      return `import{${parted(names).map(([theirs, ours = theirs]) => `${theirs}_${found.number} as ${ours}`)}}from"${from}"`
    })
  const exportsOf = (file) => parted(exported.exec(sources.get(file))?.[1] ?? '').map(([ours, theirs = ours]) => theirs)

  for (const [into, members] of Object.entries(groups)) {
    const kept = new Set(members)
    const lines = members.map((member) => {
      const names = exportsOf(member).filter(Boolean)
      const { number } = place.get(member)
      return names.length > 0 ? `export{${names.map((name) => `${name} as ${name}_${number}`)}}from"./${member}"` : `import"./${member}"`
    })
    const within = {
      name: 'within',
      setup: (made) => {
        made.onResolve({ filter: /^\./ }, ({ path }) =>
          kept.has(join('.', path)) ? { path: join(dist, path) } : { path, external: true, sideEffects: true },
        )
        made.onLoad({ filter: /chunk-[^/\\]*\.js$/ }, ({ path }) => {
          const file = basename(path)
          // Those of its own group are found by their own names while it is made.
          const outside = sources
            .get(file)
            .replaceAll(imports, (whole, _, from) => (kept.has(join('.', from)) ? whole : renamed(file, whole)))
          return { contents: outside.replace(`${banner}\n`, ''), loader: 'js' }
        })
      },
    }
    const { outputFiles } = await build({
      stdin: { contents: lines.join('\n'), resolveDir: dist },
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'node',
      target,
      minifySyntax: true,
      minifyWhitespace: true,
      logLevel: 'warning',
      banner: members.some((member) => sources.get(member).startsWith(banner)) ? { js: banner } : {},
      plugins: [within],
    })
    writeFileSync(join(dist, into), outputFiles[0].text)
  }
  for (const file of files) {
    const found = place.get(file)
    if (!found) writeFileSync(join(dist, file), renamed(file, sources.get(file)))
    // Asked for by its name when it is needed: it leads there.
    else if (asked.has(file))
      writeFileSync(join(dist, file), `export{${exportsOf(file).map((name) => `${name}_${found.number} as ${name}`)}}from"./${found.into}"`)
    else rmSync(join(dist, file))
  }
  for (const [into] of Object.entries(groups)) if (!existsSync(join(dist, into))) throw new Error(`${into} was not made`)
}
