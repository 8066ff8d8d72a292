import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { prepare } from '../../src/lib/plan/plan.ts'
import { sync } from '../../src/lib/procedures/secrets/sync.ts'
import { namespace } from '../../src/lib/sandbox/deployment/facts.ts'
import { planted } from '../../src/lib/sandbox/deployment/planted.ts'
import { contextOf } from '../support/context.ts'
import { syncedSecrets } from '../support/rotation.ts'
import { useSystems } from '../support/systems-of.ts'
import { changedSources, secondRegistryToken, useSandbox } from '../support/worlds.ts'
import { laws } from './laws.ts'
import { wholeSubject } from './whole-subject.ts'

const sandbox = useSandbox()
const { systems, close } = useSystems(sandbox)
const input = { only: [] as readonly string[] }
const file = (name: string) => join(sandbox().environment.checkout, 'deploy-k3s', name)
const config = (from: string, to: string) => writeFileSync(file('config.yaml'), readFileSync(file('config.yaml'), 'utf8').replace(from, to))
const stored = (name: string) => sandbox().kubernetes.client.get({ group: '', resource: 'secrets' }, name, namespace)

const observe = () => ({
  ...syncedSecrets(sandbox()),
  others: ['honeydue-apns-key', 'gitea-credentials'].map((name) => [stored(name)?.type, stored(name)?.data]),
})

/** Two sources were changed, and nothing was left in an annotation: all of it can be taken back. */
const changed = () => {
  changedSources(sandbox())
  sandbox().kubernetes.client.update({ group: '', resource: 'secrets' }, 'honeydue-secrets', namespace, (draft) => {
    draft.metadata.annotations = {}
  })
}

laws(sync, wholeSubject({ sandbox, systems, close, observe }), [
  { name: 'two sources that were changed', input, arrange: changed, meets: 'work' },
  { name: 'the same, with copies in an annotation', input, arrange: () => changedSources(sandbox()), meets: 'work' },
  { name: 'all as their sources have it', input, arrange: () => {}, meets: 'nothing to do' },
  { name: 'one of two', input: { only: ['FCM_SERVER_KEY'] }, arrange: changed, meets: 'work' },
  {
    name: 'a Secret that somebody deleted',
    input,
    arrange: () => sandbox().kubernetes.client.delete({ group: '', resource: 'secrets' }, 'honeydue-apns-key', namespace),
    meets: 'work',
  },
  {
    name: 'another token of the registry',
    input,
    arrange: () => {
      secondRegistryToken(sandbox())
      config(planted.registryPassword, planted.nextRegistryPassword)
    },
    meets: 'work',
  },
  {
    name: 'a source that is not there',
    input,
    arrange: () => rmSync(file('secrets/fcm_server_key.txt')),
    refused: /fcm_server_key.txt, the source of FCM_SERVER_KEY, is not there/,
  },
  {
    name: 'a source of yesterday: the password of PostgreSQL',
    input,
    arrange: () => writeFileSync(file('secrets/postgres_password.txt'), 'of-yesterday'),
    refused: /refuses the POSTGRES_PASSWORD of its source/,
  },
  {
    name: 'a source of yesterday: the password of Redis',
    input,
    arrange: () => config(planted.redisPassword, 'of-yesterday'),
    refused: /Redis refuses the REDIS_PASSWORD of its source/,
  },
  {
    name: 'a source of yesterday: the mail password',
    input,
    arrange: () => writeFileSync(file('secrets/email_host_password.txt'), 'of-yesterday'),
    refused: /the mail server refuses the EMAIL_HOST_PASSWORD of its source: 535/,
  },
  {
    name: 'a source of yesterday: the token for metrics',
    input,
    arrange: () => writeFileSync(file('../deploy/prod.env'), 'OBS_INGEST_TOKEN=of-yesterday\n'),
    refused: /the store of metrics refuses the OBS_INGEST_TOKEN of its source: it answered 401/,
  },
  {
    name: 'a source of yesterday: the token of the registry',
    input,
    arrange: () => config(planted.registryPassword, 'of-yesterday'),
    refused: /the registry refuses the REGISTRY_PASSWORD of its source/,
  },
  {
    name: "a file that is no key of Apple's",
    input,
    arrange: () => writeFileSync(file('secrets/apns_auth_key.p8'), 'no key at all'),
    refused: /its form refuses the apns_auth_key.p8 of its source: it is no EC P-256 key/,
  },
  {
    name: 'a rotation under way',
    input,
    arrange: () => writeFileSync(file('secrets/secret_key.new'), 'hfrom-a-rotation', { mode: 0o600 }),
    refused: /a rotation of SECRET_KEY is under way: deploy-k3s\/secrets\/secret_key.new has its new value/,
  },
  {
    name: 'a source that is empty',
    input,
    arrange: () => writeFileSync(file('secrets/secret_key.txt'), '\n'),
    refused: /secret_key.txt is empty, or written so that a shell would read another value/,
  },
  {
    name: 'a key that no source is known of',
    input: { only: ['SOMETHING'] },
    arrange: () => {},
    refused: /no source is known of SOMETHING/,
  },
])

test('it says what nobody could try, who has to be restarted, and which keys stay', async () => {
  changed()
  sandbox().kubernetes.client.update({ group: '', resource: 'secrets' }, 'honeydue-secrets', namespace, (draft) => {
    draft['data'] = { ...(draft['data'] as object), OF_NOBODY: '' }
  })
  const { plan } = await prepare(sync, input, systems(), contextOf(sandbox().environment))
  const said = plan.beyond.join('\n')
  expect(said).toContain('Whether these work is known by nobody who could be asked: FCM_SERVER_KEY')
  expect(said).toContain('Deployment api has what it was started with until honeydue deploy:restart api')
  expect(said).toContain('No source is known of these, which stay as they are: honeydue-secrets OF_NOBODY')
  const effects = plan.steps.flatMap(({ effect }) => effect.map(({ what, before, after }) => `${what}: ${before} → ${after}`))
  expect(effects).toContain(
    'Secret honeydue/honeydue-secrets, FCM_SERVER_KEY: another value → that of deploy-k3s/secrets/fcm_server_key.txt',
  )
})
