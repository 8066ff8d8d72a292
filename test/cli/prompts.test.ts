import { PassThrough } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { promptsOn } from '../../src/lib/cli/prompts.ts'
import { Interrupted } from '../../src/lib/errors.ts'

const open = (options: Parameters<typeof promptsOn>[0] = {}) => {
  const [input, output] = [new PassThrough(), new PassThrough()]
  let said = ''
  output.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  return { input, prompts: promptsOn({ input, output, ...options }), said: () => stripVTControlCharacters(said) }
}

test('a question that nobody answers expires, and is declined', async () => {
  for (const ask of ['yes', 'subject'] as const) {
    const { prompts } = open({ patience: 50 })
    await expect(prompts[ask]('production/hetzner2')).rejects.toMatchObject({ exitCode: 6, code: 'prompt-expired' })
  }
})

test('every question says which deployment it is about', async () => {
  const { input, prompts, said } = open({ mark: 'production ·' })
  const answer = prompts.subject('production/hetzner2')
  input.write('production/hetzner2\r')
  expect(await answer).toBe(true)
  expect(said()).toContain('production · Type production/hetzner2 to go on:')
})

test('the signal takes a question back, with its own reason', async () => {
  const ending = new AbortController()
  const reason = new Interrupted({ code: 'interrupted', failed: 'Stopped on request' }, 'SIGTERM')
  const { prompts } = open({ looking: ending.signal })
  const answer = prompts.yes('Go on?')
  ending.abort(reason)
  await expect(answer).rejects.toBe(reason)
})
