import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rotate } from '../../src/lib/procedures/secrets/rotate.ts'
import { namespace } from '../../src/lib/sandbox/deployment/facts.ts'
import { planted } from '../../src/lib/sandbox/deployment/planted.ts'
import { adminBasicAuth } from '../support/rotation.ts'
import { useSystems } from '../support/systems-of.ts'
import { adminKey, secondLogin, secondLoginKept, useSandbox } from '../support/worlds.ts'
import { laws } from './laws.ts'
import { wholeSubject } from './whole-subject.ts'

const plain = useSandbox({ speed: { reloadMs: 5 } })
/** The sandbox, whose environment names where the password's truth stands. */
const sandbox = () => {
  const one = plain()
  return { ...one, environment: { ...one.environment, basicAuth: { ...one.environment.basicAuth, sourceKey: adminKey } } }
}
const { systems, close } = useSystems(sandbox)
const input = { name: 'admin-basic-auth', soak: 0, 'keep-old': false, 'newer-than': 86_400_000 }
const given = () => ({ ...input, from: join(plain().dir, 'new-admin-password') })
const secrets = { group: '', resource: 'secrets' }
const file = (name: string) => join(plain().environment.checkout, 'deploy-k3s/secrets', `admin-basic-auth.${name}`)

laws(rotate, wholeSubject({ sandbox, systems, close, observe: () => adminBasicAuth(plain()) }), [
  { name: 'a new password of the admin panel', input: given, arrange: () => void secondLoginKept(plain()), meets: 'work', long: true },
  {
    name: 'the same, stopped once both were on the disk',
    input: () => ({ ...input, from: undefined }),
    arrange: () => {
      secondLoginKept(plain())
      const data = plain().kubernetes.client.get(secrets, 'admin-basic-auth', namespace)?.['data'] as Readonly<Record<string, string>>
      writeFileSync(file('old'), Buffer.from(data['users'] ?? '', 'base64'), { mode: 0o600 })
      writeFileSync(file('new'), planted.nextAdminPassword, { mode: 0o600 })
    },
    meets: 'work',
  },
  {
    name: 'no Ingress that names the middleware',
    input: given,
    arrange: () => {
      secondLoginKept(plain())
      plain().kubernetes.client.update({ group: 'networking.k8s.io', resource: 'ingresses' }, 'admin', namespace, (draft) => {
        draft.metadata.annotations = {}
      })
    },
    refused: /no Ingress names admin-auth: nobody is asked for this login/,
  },
  {
    name: 'no such key in config.yaml',
    input: given,
    arrange: () => void secondLogin(plain()),
    refused: /config.yaml has no sandbox_admin.password/,
  },
])
