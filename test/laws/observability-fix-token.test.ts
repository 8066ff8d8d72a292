import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { perform } from '../../src/lib/plan/perform.ts'
import { prepare } from '../../src/lib/plan/plan.ts'
import { fixToken } from '../../src/lib/procedures/observability/fix-token.ts'
import { planted } from '../../src/lib/sandbox/deployment/planted.ts'
import { contextOf } from '../support/context.ts'
import { ingestToken } from '../support/rotation.ts'
import { runOf } from '../support/run-of.ts'
import { useSystems } from '../support/systems-of.ts'
import { lostToken, newTokenUnnoticed, podsHaveBegun } from '../support/token-worlds.ts'
import { secondIngestToken, useSandbox } from '../support/worlds.ts'
import { laws } from './laws.ts'
import { wholeSubject } from './whole-subject.ts'

const sandbox = useSandbox()
const { systems, close } = useSystems(sandbox)
const input = { from: undefined }
const given = () => ({ from: join(sandbox().dir, 'new-ingest-token') })
const source = () => join(sandbox().environment.checkout, 'deploy/prod.env')

/** Pods have begun with what the Secret has: what becomes of it afterwards finds them with that. */
const settled = () => podsHaveBegun(sandbox())
/** The store was set to a token that nothing here has but vmagent, which was deployed with it. */
const unknownToAll = async () => {
  await settled()
  secondIngestToken(sandbox())
  sandbox().observability.token = planted.nextIngestToken
  sandbox().observability.agentToken = planted.nextIngestToken
}
/** vmagent has pushed with what it has. */
const agentWith = (token: string) => async () => {
  await settled()
  sandbox().observability.agentToken = token
  sandbox().observability.round()
}

/** What pods began with passes: taken back, they begin with what the Secret had, and not with what they had themselves. */
const observe = () => ({ ...ingestToken(sandbox()), pods: undefined })

laws(fixToken, wholeSubject({ sandbox, systems, close, observe }), [
  { name: 'the Secret lost it, and its source has it', input, arrange: () => lostToken(sandbox()), meets: 'work' },
  { name: 'the Secret has another, and its source the right one', input, arrange: () => lostToken(sandbox(), 'another'), meets: 'work' },
  { name: 'the Secret has the right one, and pods are older than that', input, arrange: () => newTokenUnnoticed(sandbox()), meets: 'work' },
  { name: 'the store takes no token that is known here', input: given, arrange: unknownToAll, meets: 'work', long: true },
  { name: 'everybody is let in', input, arrange: settled, meets: 'nothing to do' },
  {
    name: 'vmagent alone is refused',
    input,
    arrange: agentWith('of-another-deploy'),
    refused:
      /vmagent alone is refused: it was deployed with another token than honeydue-secrets has, which is let in\. Deploying brings it/,
  },
  {
    name: 'vmagent alone is refused, and the source has no token',
    input,
    arrange: () => {
      writeFileSync(source(), 'DEBUG=false\n')
      return agentWith('')()
    },
    refused: /vmagent alone is refused: .* Put that of the Secret into deploy\/prod\.env OBS_INGEST_TOKEN, then/,
  },
  {
    name: 'a new token that the store does not take either',
    input: given,
    arrange: async () => {
      await unknownToAll()
      sandbox().observability.token = 'a-third'
      sandbox().observability.beside.clear()
    },
    refused: /obs\.88oakapps\.com refuses the new OBS_INGEST_TOKEN: it answered 401/,
  },
  {
    name: 'no source that a new token could be put into',
    input: given,
    arrange: async () => {
      await unknownToAll()
      writeFileSync(source(), 'DEBUG=false\n')
    },
    refused: /prod\.env OBS_INGEST_TOKEN, the source of OBS_INGEST_TOKEN, is not there/,
  },
])

const planned = (of: { from: string | undefined } = input) => prepare(fixToken, of, systems(), contextOf(sandbox().environment))

test('where only a human can make a new one, and none was given, it says so', async () => {
  sandbox().observability.token = planted.nextIngestToken
  await expect(planned()).rejects.toMatchObject({ code: 'secrets-no-value' })
})

test.for<[string, () => unknown]>([
  ['the Secret lost it', () => lostToken(sandbox())],
  ['pods are older than the Secret', () => newTokenUnnoticed(sandbox())],
])('%s: afterwards every pod of api and worker has begun with the one that is let in, and traces come in', async ([, arrange]) => {
  await arrange()
  const { trouble } = await perform(await planned(), runOf(systems(), fixToken.needs))
  expect(trouble).toBeUndefined()
  const { pods, source: isInSource } = ingestToken(sandbox())
  expect([pods, isInSource]).toEqual([true, true])
  sandbox().observability.traces = []
  await podsHaveBegun(sandbox())
  sandbox().observability.round()
  expect(sandbox().observability.traces.map(({ processes }) => processes['p1']?.serviceName)).toContain('honeydue-worker')
})

test('what waits in the soak of a rotation is no trouble: both are let in, and the rotation goes on by its own command', async () => {
  secondIngestToken(sandbox())
  const kept = join(sandbox().environment.checkout, 'deploy-k3s/secrets/obs_ingest_token')
  writeFileSync(`${kept}.new`, planted.nextIngestToken, { mode: 0o600 })
  writeFileSync(`${kept}.old`, planted.ingestToken, { mode: 0o600 })
  await expect(planned()).rejects.toMatchObject({ code: 'secrets-other-begun', next: 'honeydue secrets:rotate OBS_INGEST_TOKEN' })
})

test('the store is away: nothing is said of any token', async () => {
  sandbox().observability.trouble = 'reset'
  await expect(planned()).rejects.toMatchObject({ code: expect.stringMatching(/^ingest-/) })
})

test('it says which of the three is wrong, and that vmagent has its own', async () => {
  await agentWith('')()
  await lostToken(sandbox())
  const { plan } = await planned()
  expect(plan.target).toContain('Wrong: only that of deploy/prod.env OBS_INGEST_TOKEN is let in')
  expect(plan.beyond.join('\n')).toMatch(/^vmagent is refused too: it has its own from the deploy/m)
  expect(readFileSync(source(), 'utf8')).toContain(planted.ingestToken)
  expect(JSON.stringify(plan)).not.toContain(planted.ingestToken)
})
