import { describe, expect, test } from 'vitest'
import { perform } from '../../src/lib/plan/perform.ts'
import { prepare, readersOf } from '../../src/lib/plan/plan.ts'
import { mailTest } from '../../src/lib/procedures/mail/test.ts'
import { contextOf } from '../support/context.ts'
import { runOf } from '../support/run-of.ts'
import { useSystems } from '../support/systems-of.ts'
import { useSandbox } from '../support/worlds.ts'
import { laws } from './laws.ts'
import { wholeSubject } from './whole-subject.ts'

const sandbox = useSandbox({ postgres: false })
const { systems, close } = useSystems(sandbox)
const to = 'somebody@example.com'
const input = { to, from: undefined }
const mail = () => sandbox().mail

laws(mailTest, wholeSubject({ sandbox, systems, close, observe: () => mail().taken.map(({ from, to: receivers }) => [from, receivers]) }), [
  { name: 'healthy', input, arrange: () => {}, meets: 'work' },
  {
    name: 'a password that is refused',
    input,
    arrange: () => {
      mail().password = 'another'
    },
    refused: /answers 535 to the login/,
  },
  {
    name: 'no login is offered',
    input,
    arrange: () => {
      mail().trouble = 'no login'
    },
    refused: /offers no login with a password after TLS/,
  },
])

describe('mail:test', () => {
  const sent = async (trouble: ReturnType<typeof mail>['trouble'] = 'none') => {
    await close()
    await sandbox().reset()
    const prepared = await prepare(mailTest, input, systems(), contextOf(sandbox().environment))
    mail().trouble = trouble
    return perform(prepared, runOf(systems(), mailTest.needs))
  }

  test('it says the id that the message went out with, and what the server said', async () => {
    const { trouble } = await sent()
    expect(trouble).toBeUndefined()
    const [{ text = '', from } = {}] = mail().taken
    const [, id] = /^Message-ID: (<honeydue-[0-9a-f-]{36}@mail\.invalid>)\r$/m.exec(text) ?? []
    const after = await mailTest.gather(input, readersOf(systems(), mailTest.needs), contextOf(sandbox().environment))
    expect(mailTest.came?.({ ...after, handed: [] }, after)).toEqual([
      `Message-ID ${id}`,
      'smtp.fastmail.com says: 2.0.0 Ok: queued as SANDBOX',
    ])
    expect(mailTest.came?.(after, after)).toEqual([])
    expect(from).toBe('sandbox@mail.invalid')
    expect(text).toMatch(/^Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000\r$/m)
    expect(text).toMatch(/^Auto-Submitted: auto-generated\r$/m)
  })

  test('a receiver or a message that is refused is told by the server’s own words, and nothing as sent', async () => {
    const refused = await sent('receiver refused')
    expect([refused.states, refused.trouble?.code]).toEqual([['half'], 'mail-refused'])
    expect(refused.trouble?.message).toContain('550')
    expect((await sent('message refused')).trouble?.code).toBe('mail-refused')
    expect(mail().taken).toEqual([])
  })

  test('an answer that is lost after the message is told as not known', async () => {
    const { trouble } = await sent('lost after the message')
    expect([trouble?.code, mail().taken.length]).toEqual(['mail-not-known', 1])
  })

  test('an address that could begin another line, and a sender of another domain', async () => {
    const { refuse } = mailTest.choices.to
    const given = ['a.b+c@example.com', "o'neil@example.com", 'a b@example.com', 'a@example.com\r\nRCPT TO:<x@y.zz>', '<a@b.cc>', 'a@b']
    expect(given.map((one) => refuse?.(one) === undefined)).toEqual([true, true, false, false, false, false])
    const facts = await mailTest.gather(input, readersOf(systems(), mailTest.needs), contextOf(sandbox().environment))
    expect(mailTest.beyond?.(facts)).toContainEqual(expect.stringMatching(/^sandbox@mail\.invalid is not of myhoneydue\.com/))
  })
})
