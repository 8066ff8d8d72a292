import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { namespace } from '../../../src/lib/sandbox/deployment/facts.ts'
import { ask, type Case, done, said } from './say.ts'
import type { Deployment } from './world.ts'

const ingresses = { group: 'networking.k8s.io', resource: 'ingresses' }
const secrets = { group: '', resource: 'secrets' }

/** Which certificate is in the checkout and in the Secret, and whether the first is still in force. */
const places = ({ sandbox }: Deployment) => {
  const { first } = sandbox.originCa
  const part = (pem: string) => (pem === first.certificate ? 'first' : 'new')
  const data = sandbox.kubernetes.client.get(secrets, 'cloudflare-origin-cert', namespace)?.data as Readonly<Record<string, string>>
  return {
    file: part(readFileSync(join(sandbox.environment.checkout, 'deploy-k3s/secrets/cloudflare-origin.crt'), 'utf8')),
    secret: part(Buffer.from(data['tls.crt'] ?? '', 'base64').toString()),
    revoked: sandbox.cloudflare.state.certificates.filter(({ revokedAt }) => revokedAt !== undefined).length,
  }
}
/** As the plan has it typed: the beginning of the old one's fingerprint. */
const subject = ({ sandbox }: Deployment) => new X509Certificate(sandbox.originCa.first.certificate).fingerprint256.slice(0, 23)

const asItWas = { file: 'first', secret: 'first', revoked: 0 }

const rotate = async (world: Deployment, confirm: string) => {
  // One public name is enough: each look at the nodes is a handshake a name and node.
  for (const name of ['admin', 'web']) world.sandbox.kubernetes.client.delete(ingresses, name, namespace)
  const ended = done(await ask(world, 'cert:rotate', '--validity', '90', '--soak', '0s', '--confirm', confirm))
  return { ...ended, ...places(world) }
}

/** cert:status and cert:rotate: what each node serves is asked on the node, over SSH. */
export const certificateCases: readonly Case[] = [
  {
    name: 'cert:status: one certificate everywhere',
    expected: { code: 0, findings: [] },
    give: async (world) => said(await ask(world, 'cert:status')),
  },
  {
    name: 'cert:status: a node that cannot be asked',
    expected: {
      code: 3,
      findings: [
        'hetzner2 was not asked what it serves: hetzner2 cannot be reached at PLACE: nothing listens there: the node or its SSH server is down',
      ],
    },
    give: async (world) => {
      await world.ssh.down('hetzner2')
      return said(await ask(world, 'cert:status'))
    },
  },
  {
    name: 'cert:rotate: the new one everywhere, the old one revoked',
    expected: {
      code: 0,
      states: 'done done done done proven proven done proven settled proven done',
      file: 'new',
      secret: 'new',
      revoked: 1,
    },
    give: (world) => rotate(world, subject(world)),
  },
  {
    name: 'cert:rotate: a confirmation that names another certificate',
    expected: { code: 2, error: 'confirm-mismatch', ...asItWas },
    give: (world) => rotate(world, 'AA:BB:CC:DD:EE:FF:00:11'),
  },
  {
    name: 'cert:rotate: a node that cannot be asked',
    expected: {
      code: 3,
      error: 'checks-failed',
      details: [
        'hetzner2 cannot be asked what it serves: hetzner2 did not complete the SSH handshake: it accepted the connection and said nothing for N s',
      ],
      ...asItWas,
    },
    give: async (world) => {
      await world.ssh.silent('hetzner2')
      return rotate(world, subject(world))
    },
  },
]
