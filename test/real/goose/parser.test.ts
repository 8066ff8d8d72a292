import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { oddEnvironment, oddFile } from '../../contract/goose/odd-files.ts'
import { readByOurs } from '../../contract/goose/parse.ts'

const parser = '/usr/local/lib/honeydue-real/goose-parse'

test('ten thousand odd files are read as goose 3.22.1 reads them', () => {
  const files = Array.from({ length: 10_000 }, (_, seed) => oddFile(seed))
  const input = files.map((file) => JSON.stringify(file)).join('\n')
  const ran = spawnSync(parser, { input, maxBuffer: 512 * 1024 * 1024, env: { ...oddEnvironment } })
  expect(ran.error, `${parser} is built by test/real/install.sh`).toBeUndefined()
  const answers = ran.stdout.toString().trim().split('\n')
  expect(answers).toHaveLength(files.length)
  const differing = files.filter((file, i) => JSON.stringify(readByOurs(file)) !== JSON.stringify(inOrder(JSON.parse(answers[i] ?? '{}'))))
  expect(differing).toEqual([])
})

/** Keys in the order in which ours has them. */
const inOrder = ({ up, down }: ReturnType<typeof readByOurs>) => ({ up: ordered(up), down: ordered(down) })
const ordered = ({ statements, transaction, refusal }: ReturnType<typeof readByOurs>['up']) => ({
  statements,
  transaction,
  ...(refusal !== undefined && { refusal }),
})
