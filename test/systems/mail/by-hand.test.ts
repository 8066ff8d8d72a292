import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { mail as facts, mailHost } from '../../../src/lib/sandbox/deployment/facts.ts'
import { proveMail } from '../../../src/lib/systems/mail/prove-mail.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox()
const run = promisify(execFile)

/** Whether the line by hand goes on, with a password in a file. */
const goesOn = async (password: string, wanted: boolean): Promise<boolean> => {
  const file = join(sandbox().dir, 'a password')
  writeFileSync(file, `${password}\n`, { mode: 0o600 })
  const { hostaddr } = sandbox().environment
  const { lines } = proveMail({
    ...{ host: mailHost, port: 587, hostaddr, caFile: `${sandbox().dir}/ca.crt`, user: facts.user },
    password: async () => undefined,
  }).letsIn(file, wanted)
  return run('sh', ['-ec', lines.join('\n')]).then(
    () => true,
    () => false,
  )
}

test('the curl line tells a password that is let in from one that is refused, whatever signs it has', async () => {
  const { mail } = sandbox()
  for (const password of ['Plain-1234', 'quo"ted\\and-back']) {
    mail.password = password
    expect([password, await goesOn(password, true), await goesOn(password, false)]).toEqual([password, true, false])
    expect([password, await goesOn(`${password}x`, true), await goesOn(`${password}x`, false)]).toEqual([password, false, true])
  }
  mail.trouble = 'no tls'
  expect([await goesOn('Plain-1234', true), await goesOn('Plain-1234', false), mail.inClear]).toEqual([false, false, []])
})
