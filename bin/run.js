#!/usr/bin/env node
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const words = process.argv.slice(2)
const { answer } = await import('../dist/answer.js').catch((error) => {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error
  process.stderr.write('honeydue is not built yet.\nNext: npm run build\n')
  process.exit(1)
})
if (!answer(root, words)) {
  const { run } = await import('../dist/run.js')
  await run(root, words)
}
