import { expect, test } from 'vitest'
import { perform } from '../../../src/lib/plan/perform.ts'
import { prepare } from '../../../src/lib/plan/plan.ts'
import { rotate } from '../../../src/lib/procedures/secrets/rotate.ts'
import { planted } from '../../../src/lib/sandbox/deployment/planted.ts'
import { contextOf } from '../../support/context.ts'
import { ingestToken, takenBack } from '../../support/rotation.ts'
import { runOf } from '../../support/run-of.ts'
import { useSystems } from '../../support/systems-of.ts'
import { secondIngestToken, useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox()
const { systems } = useSystems(sandbox)
const input = { name: 'OBS_INGEST_TOKEN', soak: 0, 'keep-old': false, 'newer-than': 86_400_000 }
const done = { first: false, second: true, source: true, pods: true, files: [] }
const planned = (from: string, more: object = {}) =>
  prepare(rotate, { ...input, from, ...more }, systems(), contextOf(sandbox().environment))

test('pods have the new one before the old one ends, vmagent by whoever is asked to deploy it, and the old one is seen to be dead', async () => {
  const { observability } = sandbox()
  const asked: string[] = []
  const settle = async ({ ask }: { readonly ask: string }) => {
    asked.push(ask)
    // The old one is let in still, and every pod has the new one.
    expect(ingestToken(sandbox())).toMatchObject({ second: true, pods: true })
    observability.agentToken = planted.nextIngestToken
    observability.token = planted.nextIngestToken
    observability.beside.clear()
    return true
  }
  const { trouble } = await perform(await planned(secondIngestToken(sandbox())), runOf(systems(), rotate.needs, { settle }))
  expect(trouble).toBeUndefined()
  expect(asked).toEqual([expect.stringContaining('vmagent has its own from the deploy')])
  expect(ingestToken(sandbox())).toEqual(done)
  observability.round()
  const { answers } = await systems().metrics.read.agent()
  expect(Object.keys(answers)).toEqual(['2XX'])
})

test('whoever says that the old one is revoked, where it is not, is told so, and both files stay', async () => {
  const prepared = await planned(secondIngestToken(sandbox()))
  const patient = { ...prepared, steps: prepared.steps.map((step) => ('holds' in step ? { ...step, within: 100 } : step)) }
  const { trouble } = await perform(patient, runOf(systems(), rotate.needs, { settle: async () => true }))
  expect(trouble?.failed).toMatch(/lets the old OBS_INGEST_TOKEN in still/)
  expect(ingestToken(sandbox())).toEqual({ ...done, files: ['new 600', 'old 600'] })
})

test('taken back, every pod has the old one again', async () => {
  const from = secondIngestToken(sandbox())
  const prepared = await planned(from, { 'keep-old': true })
  const { states, trouble } = await perform(prepared, runOf(systems(), rotate.needs))
  expect(trouble).toBeUndefined()
  const replan = async () => (await planned(from, { 'keep-old': true })).plan
  expect(await takenBack({ prepared, states }, systems(), rotate.needs, replan)).toEqual([])
  expect(ingestToken(sandbox())).toEqual({ ...done, first: true, second: false })
})
