import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { identitiesOf } from '../../../src/lib/systems/nodes/identities.ts'
import { mayYet } from '../../../src/lib/systems/nodes/library.ts'
import { type Printed, resolvedFrom } from '../../../src/lib/systems/nodes/resolved.ts'
import { wayTo } from '../../../src/lib/systems/nodes/way.ts'

// What no server of this machine can show: the decision by what `ssh -G` prints, by the keys, and by what a server says that it would accept.

const dir = mkdtempSync(join(tmpdir(), 'way-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** `ssh -G`, as OpenSSH prints it: a keyword a line. */
const printed = (text: string): Printed => {
  const values = new Map<string, readonly string[]>([['identityagent', ['none']]])
  for (const line of text.split('\n')) {
    const [keyword = '', ...rest] = line.trim().split(' ')
    values.set(keyword, [...(keyword === 'identityagent' ? [] : (values.get(keyword) ?? [])), rest.join(' ')])
  }
  return values
}
const host = (text: string) => resolvedFrom('hetzner1', printed(text), [])
const wayOf = async (text: string) => {
  const one = host(text)
  const way = wayTo(one, { identities: await identitiesOf(one) })
  return 'because' in way ? `${way.by}: ${way.because}` : way.by
}

/** A public key of this type, as ssh-keygen writes it. */
const pub = (type: string): string => {
  const path = join(dir, `${type.replace(/@.*/, '')}.pub`)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(type.length)
  writeFileSync(path, `${type} ${Buffer.concat([length, Buffer.from(type), Buffer.alloc(32, 7)]).toString('base64')} op@desk\n`)
  return path
}

test.each([
  ['kexalgorithms mlkem768x25519-sha256', "openssh: no KexAlgorithms of the configuration is the library's"],
  ['kexalgorithms mlkem768x25519-sha256,sntrup761x25519-sha512', "openssh: no KexAlgorithms of the configuration is the library's"],
  ['kexalgorithms mlkem768x25519-sha256,curve25519-sha256', 'library'],
  ['ciphers chacha20-poly1305@openssh.com,aes128-ctr', 'library'],
  ['macs umac-128-etm@openssh.com', "openssh: no MACs of the configuration is the library's"],
  [
    'hostkeyalgorithms sk-ssh-ed25519@openssh.com,ssh-ed25519-cert-v01@openssh.com',
    "openssh: no HostKeyAlgorithms of the configuration is the library's",
  ],
  ['pkcs11provider /usr/lib/opensc-pkcs11.so', 'openssh: PKCS11Provider'],
  ['knownhostscommand /usr/bin/known %H', 'openssh: KnownHostsCommand'],
  ['gssapiauthentication yes', 'library'],
  ['requiredrsasize 1024', 'library'],
  ['requiredrsasize 4096', 'openssh: RequiredRSASize'],
])('%s goes by %s', async (text, way) => {
  expect(await wayOf(text)).toBe(way)
})

test.each(['sk-ssh-ed25519@openssh.com', 'sk-ecdsa-sha2-nistp256@openssh.com'])('an identity of type %s goes by OpenSSH', async (type) => {
  const file = pub(type)
  expect(await wayOf(`identityfile ${file}`)).toBe(`openssh: ${type} (${file})`)
})

test('a key in PuTTY’s format, which the library reads and OpenSSH does not, is OpenSSH’s to refuse', async () => {
  const file = join(dir, 'id.ppk')
  writeFileSync(file, 'PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none\nComment: op\nPublic-Lines: 1\nAAAA\n', { mode: 0o600 })
  expect(await wayOf(`identityfile ${file}`)).toBe(`openssh: the format of ${file} (PuTTY's)`)
})

test('what a server says leads to OpenSSH where OpenSSH has more: GSSAPI, host-based, a newer key exchange', () => {
  const next = (one: string, level: string, left: readonly string[]) =>
    mayYet(host(one), { error: { level }, refused: undefined, known: [], left })
  const kerberos = 'gssapiauthentication yes\nhostbasedauthentication yes'
  expect(next(kerberos, 'client-authentication', ['gssapi-with-mic', 'password'])).toBe('it accepts gssapi-with-mic')
  expect(next(kerberos, 'client-authentication', ['hostbased'])).toBe('it accepts hostbased')
  expect(next(kerberos, 'client-authentication', ['password'])).toBeUndefined()
  expect(next('gssapiauthentication no', 'client-authentication', ['gssapi-with-mic'])).toBeUndefined()
  expect(next('', 'handshake', [])).toBe('the library has no algorithm in common with it')
})
