import { type AddressInfo, connect, createServer } from 'node:net'
import { expect, test } from 'vitest'
import { Trouble } from '../../../src/lib/errors.ts'
import { createAuthority } from '../../../src/lib/sandbox/certificates.ts'
import { mail as facts, mailHost, zoneName } from '../../../src/lib/sandbox/deployment/facts.ts'
import { planted } from '../../../src/lib/sandbox/deployment/planted.ts'
import { Secret } from '../../../src/lib/secret.ts'
import { type MailOptions, mailSystem } from '../../../src/lib/systems/mail/mail.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox()
const open = (more: Partial<MailOptions> = {}) =>
  mailSystem({
    hostaddr: sandbox().environment.hostaddr,
    caFile: `${sandbox().dir}/ca.crt`,
    host: mailHost,
    port: 587,
    user: facts.user,
    password: async () => new Secret(planted.emailHostPassword),
    nameserver: `127.0.0.1:${sandbox().mail.names.port}`,
    ...more,
  }).read
const codeOf = (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    () => 'an answer',
    (error: unknown) => (error instanceof Trouble ? error.code : String(error)),
  )

test('a login counts as accepted where 235 came, by PLAIN or in turns, and as nothing else', async () => {
  const { mail } = sandbox()
  const login = async (trouble: typeof mail.trouble) => {
    mail.trouble = trouble
    return (await open().submission()).login.is
  }
  expect([await login('none'), await login('login by turns'), mail.logins()]).toEqual(['accepted', 'accepted', 2])
  expect([await login('login put off'), await login('no login')]).toEqual(['put off', 'not offered'])
  mail.password = 'another'
  expect([await login('none'), await login('login by turns')]).toEqual(['refused', 'refused'])
  expect(mail.logins()).toBe(2)
})

test('each way of not answering has its code, none waits for ever, and no password goes out before the handshake', async () => {
  const { mail } = sandbox()
  const codes = {
    reset: 'mail-lost',
    silence: 'mail-silent',
    busy: 'mail-busy',
    'no smtp': 'mail-not-smtp',
    'no tls': 'mail-no-starttls',
    'early words': 'mail-not-smtp',
    'handshake unanswered': 'mail-silent',
    'login unanswered': 'mail-silent',
  } as const
  for (const [trouble, code] of Object.entries(codes)) {
    mail.trouble = trouble as keyof typeof codes
    expect([trouble, await codeOf(open({ timeout: 300 }).submission())]).toEqual([trouble, code])
  }
  mail.trouble = 'none'
  expect(await codeOf(mailSystem(options()).read.submission())).toBe('mail-tls')
  mail.identity = createAuthority('another').issue({ commonName: mailHost, names: [mailHost] })
  expect(await codeOf(open().submission())).toBe('mail-tls')
  expect(await codeOf(open({ hostaddr: { [mailHost]: '127.0.0.1:1' } }).submission())).toBe('mail-unreachable')
  expect([mail.logins(), mail.inClear]).toEqual([0, []])
})

test('the server is asked while the password is still looked up: two that are silent cost one wait', async () => {
  let tell = (_: Secret) => {}
  const password = new Promise<Secret>((resolve) => {
    tell = resolve
  })
  const server = createServer((socket) => {
    tell(new Secret(planted.emailHostPassword))
    const onward = connect(sandbox().mail.port, '127.0.0.1')
    for (const one of [socket, onward]) one.on('error', () => {})
    socket.pipe(onward).pipe(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    const read = open({ hostaddr: { [mailHost]: `127.0.0.1:${port}` }, password: () => password })
    expect((await read.submission()).login).toEqual({ is: 'accepted' })
  } finally {
    server.close()
  }
})

const options = (): MailOptions => ({
  hostaddr: sandbox().environment.hostaddr,
  host: mailHost,
  port: 587,
  user: facts.user,
  password: async () => new Secret(planted.emailHostPassword),
})

test('names: what there is, what there is none of, and a name server that does not say', async () => {
  const { names } = sandbox().mail
  expect(await open().exchanges(zoneName)).toEqual(['in1-smtp.sandbox.invalid', 'in2-smtp.sandbox.invalid'])
  expect((await open().texts(`one._domainkey.${zoneName}`))[0]).toHaveLength(318)
  expect(await open().texts('nothing.invalid')).toEqual([])
  expect(await open().exchanges(`one._domainkey.${zoneName}`)).toEqual([])
  for (const trouble of ['server failure', 'refuses'] as const) {
    names.trouble = trouble
    expect([trouble, await codeOf(open().texts(zoneName))]).toEqual([trouble, 'dns-refused'])
  }
  names.trouble = 'silence'
  expect(await codeOf(open({ timeout: 200 }).texts(zoneName))).toBe('dns-silent')
})
