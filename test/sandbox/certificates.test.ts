import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:tls'
import { expect, test } from 'vitest'
import { createAuthority } from '../../src/lib/sandbox/certificates.ts'

const authority = createAuthority('sandbox')

test('the authority signs itself as an authority', () => {
  const own = new X509Certificate(authority.certificate)
  expect(own.ca).toBe(true)
  expect(own.verify(own.publicKey)).toBe(true)
})

test('a certificate carries subject, names, addresses and validity, and is signed by the authority', () => {
  const { certificate } = authority.issue({
    commonName: 'viewer',
    organizations: ['viewers', 'others'],
    names: ['api.example.test'],
    addresses: ['127.0.0.1', '2a01:4f8:1c18:79c7::1'],
    days: 7,
    notBefore: new Date('2026-01-01T00:00:00Z'),
  })
  const read = new X509Certificate(certificate)
  const own = new X509Certificate(authority.certificate)
  expect(read.checkIssued(own)).toBe(true)
  expect(read.verify(own.publicKey)).toBe(true)
  expect(read.ca).toBe(false)
  expect(read.subject).toBe('O=viewers\nO=others\nCN=viewer')
  expect(read.subjectAltName).toBe('DNS:api.example.test, IP Address:127.0.0.1, IP Address:2A01:4F8:1C18:79C7:0:0:0:1')
  expect(new Date(read.validTo).toISOString()).toBe('2026-01-08T00:00:00.000Z')
})

test('a key that somebody else holds is signed and not invented', () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const { certificate, key } = authority.issue({ commonName: 'origin', publicKey })
  expect(key).toBe('')
  expect(new X509Certificate(certificate).publicKey.equals(createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })))).toBe(true)
})

test('a mutual TLS handshake verifies both ends, and another authority is refused', async () => {
  const { certificate: cert, key } = authority.issue({ commonName: 'server', names: ['server.test'] })
  const seen: string[] = []
  const server = createServer({ cert, key, ca: authority.certificate, requestCert: true, rejectUnauthorized: true }, (socket) => {
    seen.push(String(socket.getPeerCertificate().subject.CN))
    socket.on('error', () => {})
    socket.end('hello')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = authority.issue({ commonName: 'viewer' })
  const socket = connect({
    host: '127.0.0.1',
    port,
    servername: 'server.test',
    ca: authority.certificate,
    cert: client.certificate,
    key: client.key,
  })
  expect(String(await once(socket, 'data'))).toBe('hello')
  expect(seen).toEqual(['viewer'])
  const stranger = connect({ host: '127.0.0.1', port, servername: 'server.test', ca: createAuthority('sandbox').certificate })
  const [refused] = await once(stranger, 'error')
  expect(refused).toMatchObject({ code: expect.stringMatching(/CERT|SIGNATURE|ISSUER/) })
  socket.destroy()
  stranger.destroy()
  server.close()
})
