import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { perform } from '../../src/lib/plan/perform.ts'
import { prepare } from '../../src/lib/plan/plan.ts'
import { rotate } from '../../src/lib/procedures/secrets/rotate.ts'
import { namespace } from '../../src/lib/sandbox/deployment/facts.ts'
import { planted } from '../../src/lib/sandbox/deployment/planted.ts'
import { contextOf } from '../support/context.ts'
import { postgresPassword } from '../support/rotation.ts'
import { runOf } from '../support/run-of.ts'
import { useSystems } from '../support/systems-of.ts'
import { useSandbox } from '../support/worlds.ts'
import { laws } from './laws.ts'
import { wholeSubject } from './whole-subject.ts'

const sandbox = useSandbox()
const { systems, close } = useSystems(sandbox)
const stored = { group: '', resource: 'secrets' }
const deployments = { group: 'apps', resource: 'deployments' }
const input = { name: 'POSTGRES_PASSWORD', from: undefined, soak: 0, 'keep-old': false, 'newer-than': 86_400_000 }
const file = (name: string) => join(sandbox().environment.checkout, 'deploy-k3s/secrets', name)

const observe = async () => ({
  ...(await postgresPassword(sandbox())),
  mode: existsSync(file('postgres_password.txt')) && (statSync(file('postgres_password.txt')).mode & 0o777).toString(8),
  rotated:
    sandbox().kubernetes.client.get(stored, 'honeydue-secrets', namespace)?.metadata.annotations?.['honeydue.dev/last-rotated'] !==
    undefined,
  replicas: ['api', 'worker'].map((name) => sandbox().kubernetes.client.get(deployments, name, namespace)?.['spec']?.['replicas' as never]),
})

const already = async () => {
  const prepared = await prepare(rotate, input, systems(), contextOf(sandbox().environment))
  const { trouble } = await perform(prepared, runOf(systems(), rotate.needs))
  if (trouble) throw trouble
}

const bothKept = () => {
  writeFileSync(file('postgres_password.old'), planted.postgresPassword, { mode: 0o600 })
  writeFileSync(file('postgres_password.new'), 'hfrom-the-run-before', { mode: 0o600 })
}

laws(rotate, wholeSubject({ sandbox, systems, close, observe }), [
  { name: 'PostgreSQL, healthy', input, arrange: () => {}, meets: 'work', long: true },
  { name: 'PostgreSQL, rotated already', input, arrange: already, meets: 'nothing to do' },
  { name: 'PostgreSQL, the value of the old one kept', input: { ...input, 'keep-old': true }, arrange: () => {}, meets: 'work' },
  { name: 'PostgreSQL, stopped once both values were on the disk', input, arrange: bothKept, meets: 'work' },
  {
    name: 'PostgreSQL, stopped when the role had the new one and nobody else',
    input,
    arrange: async () => {
      bothKept()
      await sandbox().postgres.query("ALTER ROLE neondb_owner PASSWORD 'hfrom-the-run-before'")
    },
    meets: 'work',
  },
  {
    name: 'PostgreSQL, and the source still has the value of before',
    input: { ...input, 'keep-old': true },
    arrange: () => writeFileSync(file('postgres_password.txt'), 'the-value-of-before', { mode: 0o600 }),
    meets: 'work',
    long: true,
  },
  {
    name: 'PostgreSQL, and the Secret was edited in the middle of a rotation',
    input,
    arrange: async () => {
      bothKept()
      await sandbox().postgres.query("ALTER ROLE neondb_owner PASSWORD 'hfrom-the-run-before'")
      sandbox().kubernetes.client.update(stored, 'honeydue-secrets', namespace, (draft) => {
        draft['data'] = { ...(draft['data'] as object), POSTGRES_PASSWORD: Buffer.from('a-third-one').toString('base64') }
      })
    },
    refused: /has a third POSTGRES_PASSWORD, neither the old nor the new one/,
  },
  {
    name: 'a role that somebody gave another password',
    input,
    arrange: async () => void (await sandbox().postgres.query("ALTER ROLE neondb_owner PASSWORD 'of-somebody-else'")),
    refused: /lets neondb_owner in with neither the old nor the new password/,
  },
  {
    name: 'a server that writes down what it is told',
    input,
    arrange: async () => void (await sandbox().postgres.query('ALTER DATABASE "honeyDue" SET log_statement = \'all\'')),
    refused: /the server would write the new password down: log_statement = all/,
  },
  {
    name: 'no file that is the source',
    input,
    arrange: () => rmSync(file('postgres_password.txt')),
    refused: /postgres_password.txt, the source of POSTGRES_PASSWORD, is not there/,
  },
  {
    name: 'a worker that does not start',
    input,
    arrange: () => {
      sandbox().kubernetes.client.update(deployments, 'worker', namespace, (draft) => {
        const { template } = draft['spec'] as { template: { metadata: { annotations?: Record<string, string> } } }
        template.metadata.annotations = { 'honeydue.test/never-ready': 'true' }
      })
    },
    refused: /a rollout is running: worker|replicas are missing/,
  },
])
