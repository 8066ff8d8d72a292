#!/usr/bin/env node
// Node 21 and the first of 22 have no such function.
process.getBuiltinModule ??= (await import('node:module')).createRequire(import.meta.url)
// As the bundles take Node's own modules (scripts/builtins.js): importing them costs more than all that is done here.
const [module, { homedir }, { dirname, join }] = ['node:module', 'node:os', 'node:path'].map((name) => process.getBuiltinModule(name))

const root = dirname(import.meta.dirname)
const words = process.argv.slice(2)
// From Node 22.1 on, what was compiled is kept for the next time.
module.enableCompileCache?.(join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'honeydue'))
const { answer, keepToOurselves, startedAnew } = await import('../dist/answer.js').catch((error) => {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error
  process.stderr.write('honeydue is not built yet.\nNext: npm run build\n')
  process.exit(1)
})
if (!startedAnew(process)) {
  keepToOurselves(process)
  if (!answer(root, words)) {
    const { run } = await import('../dist/run.js')
    await run(root, words)
  }
}
