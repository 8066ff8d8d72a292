import { expect, test } from 'vitest'
import { paint } from '../../../src/lib/cli/render.ts'
import { renderView } from '../../../src/lib/cli/render-view.ts'
import type { Environment } from '../../../src/lib/environment/schema.ts'
import { readersOf } from '../../../src/lib/plan/plan.ts'
import { mailStatus } from '../../../src/lib/reports/mail/status.ts'
import { mailHost, namespace, zoneName } from '../../../src/lib/sandbox/deployment/facts.ts'
import { plantedValues } from '../../../src/lib/sandbox/deployment/planted.ts'
import type { Sandbox } from '../../../src/lib/sandbox/sandbox.ts'
import { contextOf } from '../../support/context.ts'
import { useSystems } from '../../support/systems-of.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox()
const { systems, close } = useSystems(sandbox)

const look = (more: Partial<Environment['mail']> = {}) => {
  const { environment } = sandbox()
  return mailStatus.look({}, readersOf(systems(), mailStatus.needs), contextOf({ ...environment, mail: { ...environment.mail, ...more } }))
}
const told = async () =>
  (await look()).findings.map(({ level, text, next }) => `${level}: ${text}${next === undefined ? '' : ` → ${next}`}`)

test('all is well: it is let in, the records are there, nothing is sent and no password is shown', async () => {
  const view = await look()
  expect(view.findings).toEqual([])
  expect(view.unreachable).toBe(false)
  expect(sandbox().mail.logins()).toBe(1)
  expect(view.tables[0]?.rows).toEqual([
    ['server', `${mailHost}:587`],
    ['greeting', 'smtp.sandbox ESMTP ready'],
    ['STARTTLS', 'TLSv1.3'],
    ['certificate', expect.stringMatching(/^smtp\.fastmail\.com, expires in \d+ days$/)],
    ['offers', 'PLAIN LOGIN'],
    ['login as sandbox@mail.invalid', 'accepted'],
  ])
  expect(view.tables[1]?.rows).toEqual([
    ['MX', 'in1-smtp.sandbox.invalid, in2-smtp.sandbox.invalid'],
    ['SPF', 'v=spf1 include:spf.sandbox.invalid ~all'],
    ['DMARC', expect.stringMatching(/^v=DMARC1; p=quar.*postmaster@sandbox\.invalid$/)],
    ['DKIM one', 'a key'],
    ['DKIM two', 'a key'],
  ])
  const text = renderView(view, paint(false))
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
  for (const secret of plantedValues) {
    expect(text + JSON.stringify(view.data)).not.toContain(secret)
    expect(text + JSON.stringify(view.data)).not.toContain(Buffer.from(secret).toString('base64'))
  }
})

/** Each world, and all that is told of it. */
const cases: Readonly<Record<string, { readonly arrange: (world: Sandbox) => unknown; readonly tells: readonly RegExp[] }>> = {
  'another password': {
    arrange: ({ mail }) => {
      mail.password = 'another'
    },
    tells: [
      /^wrong: smtp\.fastmail\.com refuses the live password of sandbox@mail\.invalid \(535: .*app password.* → honeydue secrets:status$/,
    ],
  },
  'a login that is put off says nothing of the password': {
    arrange: ({ mail }) => {
      mail.trouble = 'login put off'
    },
    tells: [/^warning: smtp\.fastmail\.com does not answer a login now \(454: .*says nothing of the password → honeydue mail:status$/],
  },
  'no login at all': {
    arrange: ({ mail }) => {
      mail.trouble = 'no login'
    },
    tells: [/^wrong: smtp\.fastmail\.com offers no login with a password after TLS \(none at all\)/],
  },
  'no TLS': {
    arrange: ({ mail }) => {
      mail.trouble = 'no tls'
    },
    tells: [/^wrong: No mail can be handed over: smtp\.fastmail\.com:587 offers no STARTTLS: .* no password was sent → openssl s_client /],
  },
  'the Secret has no password': {
    arrange: ({ kubernetes }) =>
      kubernetes.client.update({ group: '', resource: 'secrets' }, 'honeydue-secrets', namespace, (draft) => {
        const { EMAIL_HOST_PASSWORD: _, ...rest } = draft['data'] as Record<string, string>
        draft['data'] = rest
      }),
    tells: [/^warning: Whether the live password is accepted is not known: the Secret has no password for it → honeydue secrets:status$/],
  },
  'a Kubernetes that is away costs the login alone': {
    arrange: ({ kubernetes }) => kubernetes.fail({ answer: 'reset' }),
    tells: [/^warning: Whether the live password is accepted is not known: The Kubernetes API/],
  },
  'none of its records': {
    arrange: ({ mail }) => mail.names.records.clear(),
    tells: [
      /^wrong: myhoneydue\.com has no SPF record: .* → dig TXT myhoneydue\.com$/,
      /^wrong: one\._domainkey\.myhoneydue\.com has no DKIM key: /,
      /^wrong: two\._domainkey\.myhoneydue\.com has no DKIM key: /,
      /^wrong: myhoneydue\.com takes no mail \(no MX\): /,
      /^warning: myhoneydue\.com has no DMARC record: /,
    ],
  },
  'records that do harm': {
    arrange: ({ mail: { names } }) => {
      names.records.set(zoneName, { texts: ['v=spf1 +all'], exchanges: [[0, '.']] })
      names.records.set(`one._domainkey.${zoneName}`, { texts: ['v=DKIM1; p='] })
      names.records.set(`_dmarc.${zoneName}`, { texts: ['v=DMARC1; p=none', 'v=DMARC1; p=reject'] })
    },
    tells: [
      /^wrong: The SPF record of myhoneydue\.com lets everybody send for it \(\+all\)/,
      /^wrong: The DKIM key at one\._domainkey\.myhoneydue\.com was revoked/,
      /^wrong: myhoneydue\.com takes no mail/,
      /^warning: myhoneydue\.com has 2 DMARC records/,
    ],
  },
  'two SPF records, and a DMARC record without a policy': {
    arrange: ({ mail: { names } }) => {
      names.records.set(zoneName, { texts: ['v=spf1 ~all', 'v=spf1 -all'], exchanges: [[1, 'in.sandbox.invalid']] })
      names.records.set(`_dmarc.${zoneName}`, { texts: ['v=DMARC1; rua=mailto:a@b.invalid'] })
    },
    tells: [/^wrong: myhoneydue\.com has 2 SPF records/, /^warning: The DMARC record of myhoneydue\.com has no policy/],
  },
  'a name server that fails': {
    arrange: ({ mail: { names } }) => {
      names.trouble = 'server failure'
    },
    tells: [/^warning: Not all that receivers look at is known \(5 of 5 questions\): DNS does not say which MX .*ESERVFAIL/],
  },
}

test.for(Object.entries(cases))('%s', async ([, { arrange, tells }]) => {
  await arrange(sandbox())
  await close()
  const found = await told()
  expect(found).toHaveLength(tells.length)
  for (const [i, one] of tells.entries()) expect(found[i]).toMatch(one)
  expect(sandbox().mail.inClear).toEqual([])
  for (const secret of plantedValues) expect(JSON.stringify(found)).not.toContain(secret)
})

test('what the configuration lacks is said, and asked of nobody', async () => {
  const { environment } = sandbox()
  const { user: _, domain: __, dkim: ___, ...mail } = environment.mail
  const view = await mailStatus.look({}, readersOf(systems(), mailStatus.needs), contextOf({ ...environment, mail }))
  expect(view.findings.map(({ level, text }) => `${level}: ${text}`)).toEqual([
    'warning: mail.user is not in the configuration: no login is tried',
    'warning: mail.domain is not in the configuration: no record of the sender is looked at',
  ])
  expect(view.tables).toHaveLength(1)
})

test('nothing answers: that is exit 9, and each costs its own time', async () => {
  sandbox().mail.trouble = 'reset'
  sandbox().mail.names.trouble = 'refuses'
  const view = await look()
  expect(view.unreachable).toBe(true)
  expect(view.findings.map(({ text }) => text)).toEqual([
    expect.stringMatching(/^No mail can be handed over: smtp\.fastmail\.com:587 does not answer: the connection was cut/),
    expect.stringMatching(/^Not all that receivers look at is known/),
  ])
  expect((await look({ domain: `mail.${zoneName}` })).tables[1]?.rows[0]).toEqual(['MX', '?'])
})
