import { join } from 'node:path'
import { beforeAll, expect, test, vi } from 'vitest'
import { planted, plantedValues } from '../../src/lib/sandbox/deployment/planted.ts'
import { requireBuild } from '../support/program.ts'
import { emailHostPassword } from '../support/rotation.ts'
import { openTerminal } from '../support/terminal.ts'
import { secondMailPassword, useSandbox } from '../support/worlds.ts'

beforeAll(requireBuild)
vi.setConfig({ testTimeout: 120_000 })
const sandbox = useSandbox({ speed: { reloadMs: 5, keepAliveMs: 0 } })

test('a new mail password is typed unseen, and ends in the Secret once the name of the old one is typed as well', async () => {
  secondMailPassword(sandbox())
  const terminal = openTerminal(
    ['secrets:rotate', 'EMAIL_HOST_PASSWORD', '--soak', '0s', '--env', join(sandbox().dir, 'environment.yaml')],
    { within: 100_000 },
  )
  await terminal.until('it is not shown:')
  terminal.type(`${planted.nextEmailPassword}\r`)
  // A screen of 24 rows has room for the titles alone.
  await terminal.until('Go on?')
  terminal.type('d\r')
  await terminal.until('what was typed, for this user alone')
  await terminal.until('Go on?')
  terminal.type('y\r')
  await terminal.until('to go on:')
  const { mail } = sandbox()
  mail.password = planted.nextEmailPassword
  mail.beside.clear()
  terminal.type('sandbox/EMAIL_HOST_PASSWORD\r')
  const { code, text } = await terminal.end()
  expect(text).toContain('Done, and seen to hold.')
  expect(code).toBe(0)
  for (const secret of plantedValues) expect(text).not.toContain(secret)
  expect(emailHostPassword(sandbox())).toEqual({ first: false, second: true, source: true, pods: true, files: [] })
})
