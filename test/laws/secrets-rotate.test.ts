import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { perform } from '../../src/lib/plan/perform.ts'
import { prepare } from '../../src/lib/plan/plan.ts'
import { rotate } from '../../src/lib/procedures/secrets/rotate.ts'
import { namespace } from '../../src/lib/sandbox/deployment/facts.ts'
import { planted } from '../../src/lib/sandbox/deployment/planted.ts'
import { contextOf } from '../support/context.ts'
import { runOf } from '../support/run-of.ts'
import { useSystems } from '../support/systems-of.ts'
import { useSandbox } from '../support/worlds.ts'
import { laws } from './laws.ts'
import { wholeSubject } from './whole-subject.ts'

const sandbox = useSandbox({ warmupPings: 2 })
const { systems, close } = useSystems(sandbox)
const stored = { group: '', resource: 'secrets' }
const deployments = { group: 'apps', resource: 'deployments' }
const input = { name: 'REDIS_PASSWORD', from: undefined, soak: 0, 'keep-old': false, 'newer-than': 86_400_000 }
const file = (name: string) => join(sandbox().environment.checkout, 'deploy-k3s', name)
const live = () => {
  const data = sandbox().kubernetes.client.get(stored, 'honeydue-secrets', namespace)?.['data'] as Readonly<Record<string, string>>
  return Buffer.from(data['REDIS_PASSWORD'] ?? '', 'base64').toString()
}
const setLive = (value: string | undefined) =>
  sandbox().kubernetes.client.update(stored, 'honeydue-secrets', namespace, (draft) => {
    const { REDIS_PASSWORD: _gone, ...data } = draft['data'] as Record<string, string>
    draft['data'] = { ...data, ...(value !== undefined && { REDIS_PASSWORD: Buffer.from(value).toString('base64') }) }
  })

/** Values by their part in the rotation; a new one is another every time. */
const observe = () => {
  const part = (value: string | undefined) =>
    value === planted.redisPassword ? 'the first' : value === live() ? "the Secret's" : value === undefined ? 'none' : 'another'
  const { redis, kubernetes } = sandbox()
  const source = /^redis:\n {2}password: (.*)$/m.exec(readFileSync(file('config.yaml'), 'utf8'))?.[1]
  return {
    live: part(live()),
    source: part(source),
    mode: (statSync(file('config.yaml')).mode & 0o777).toString(8),
    files: ['new', 'old'].flatMap((name) => {
      const path = file(`secrets/redis_password.${name}`)
      return existsSync(path) ? [`${name} ${part(readFileSync(path, 'utf8'))} ${(statSync(path).mode & 0o777).toString(8)}`] : []
    }),
    own: part(redis.settings.get('requirepass')),
    accepts: [redis.accepts(live()), redis.accepts(planted.redisPassword)],
    rotated:
      kubernetes.client.get(stored, 'honeydue-secrets', namespace)?.metadata.annotations?.['honeydue.dev/last-rotated'] !== undefined,
    replicas: ['api', 'worker'].map((name) => kubernetes.client.get(deployments, name, namespace)?.['spec']?.['replicas' as never]),
  }
}

const already = async () => {
  const prepared = await prepare(rotate, input, systems(), contextOf(sandbox().environment))
  const { trouble } = await perform(prepared, runOf(systems(), rotate.needs))
  if (trouble) throw trouble
}

const given = (text: string) => {
  const path = join(sandbox().dir, 'given')
  writeFileSync(path, text, { mode: 0o600 })
  return path
}

laws(rotate, wholeSubject({ sandbox, systems, close, observe }), [
  { name: 'healthy', input, arrange: () => {}, meets: 'work' },
  { name: 'rotated already', input, arrange: already, meets: 'nothing to do' },
  { name: 'healthy, the old one kept', input: { ...input, 'keep-old': true }, arrange: () => {}, meets: 'work' },
  {
    name: 'a value that somebody made',
    input: () => ({ ...input, from: given('Given-Value-12345678\n') }),
    arrange: () => {},
    meets: 'work',
  },
  {
    name: 'stopped once both values were on the disk',
    input,
    arrange: () => {
      writeFileSync(file('secrets/redis_password.old'), planted.redisPassword, { mode: 0o600 })
      writeFileSync(file('secrets/redis_password.new'), 'hfrom-the-run-before', { mode: 0o600 })
    },
    meets: 'work',
  },
  {
    name: 'the source still has the value of before',
    input: { ...input, 'keep-old': true },
    arrange: () => {
      setLive('rotated-by-hand')
      sandbox().redis.startWith('rotated-by-hand')
    },
    meets: 'work',
  },
  {
    name: 'no source',
    input,
    arrange: () =>
      writeFileSync(file('config.yaml'), readFileSync(file('config.yaml'), 'utf8').replace(/^ {2}password: PLANTED-redis.*$/m, '')),
    refused: /config.yaml redis.password, the source of REDIS_PASSWORD, is not there/,
  },
  {
    name: 'the Secret was edited in the middle of a rotation',
    input,
    arrange: () => {
      writeFileSync(file('secrets/redis_password.old'), planted.redisPassword, { mode: 0o600 })
      writeFileSync(file('secrets/redis_password.new'), 'hfrom-the-run-before', { mode: 0o600 })
      setLive('a-third-one')
      sandbox().redis.startWith('a-third-one')
    },
    refused: /has a third REDIS_PASSWORD/,
  },
  {
    name: 'a Redis that wants no password',
    input,
    arrange: () => {
      sandbox().redis.startWith('')
    },
    refused: /Redis wants no password at all/,
  },
  {
    name: 'users in an ACL file',
    input,
    arrange: () => void sandbox().redis.settings.set('aclfile', '/etc/redis/users.acl'),
    refused: /Redis has its users in \/etc\/redis\/users.acl/,
  },
  {
    name: 'a workload that cannot start',
    input,
    arrange: async () => {
      sandbox().kubernetes.client.update(deployments, 'worker', namespace, (draft) => {
        const { template } = draft['spec'] as { template: { metadata: { annotations?: Record<string, string> } } }
        template.metadata.annotations = { 'honeydue.test/never-ready': 'true' }
      })
    },
    refused: /a rollout is running: worker|replicas are missing/,
  },
])

test('what cannot be rotated is refused before anything is planned', async () => {
  const plan = (from?: string) => prepare(rotate, { ...input, from }, systems(), contextOf(sandbox().environment))
  for (const [text, because] of [
    ['two words', /no space or line break/],
    ['short', /8 to 200/],
    ['quo"ted-value', /Quotes and backslashes/],
  ] as const)
    await expect(plan(given(text))).rejects.toMatchObject({ code: 'secrets-bad-value', likely: expect.stringMatching(because) })
  await expect(plan('/nowhere/at-all')).rejects.toMatchObject({ likely: 'There is no such file' })
  setLive(undefined)
  await expect(plan()).rejects.toMatchObject({ failed: expect.stringMatching(/has no REDIS_PASSWORD/) })
})
