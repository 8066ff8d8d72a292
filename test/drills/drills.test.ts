import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { hostDrill } from '../../src/lib/drills/host.ts'
import { drills } from '../../src/lib/drills/index.ts'
import { namespace } from '../../src/lib/sandbox/deployment/facts.ts'
import { confirmed, requireBuild } from '../support/program.ts'
import { eventually, useSandbox } from '../support/worlds.ts'

const sandbox = useSandbox({ postgres: true })
beforeAll(requireBuild)

let ending = new AbortController()
afterEach(() => {
  ending.abort()
  ending = new AbortController()
})

const start = async (name: string) => {
  const drill = await drills[name]?.()
  if (drill === undefined) throw new Error(`no drill ${name}`)
  return { drill, hosted: await hostDrill(drill, { sandbox: sandbox(), seed: 7, signal: ending.signal, atOnce: true }) }
}

const typed = (line: string) =>
  confirmed(line.split(' ').slice(1), { env: { HONEYDUE_ENV: join(sandbox().dir, 'environment.yaml') }, within: 60_000 })

type Spec = { replicas: number; readonly template: { readonly metadata: { annotations?: Record<string, string> } } }
const everyWorkload = (change: (spec: Spec) => void) => {
  for (const name of ['api', 'web', 'admin', 'worker'])
    sandbox().kubernetes.client.update({ group: 'apps', resource: 'deployments' }, name, namespace, (draft) => change(draft.spec as Spec))
}

describe.each(Object.keys(drills))('%s', (name) => {
  test('it is passed by its shortest way, and not before', async () => {
    const { drill, hosted } = await start(name)
    expect(drill.name).toBe(name)
    const before = await hosted.check()
    expect(before.passed).toBe(false)
    expect(before.causes.some(({ because }) => because !== undefined)).toBe(true)
    for (const line of before.way) {
      const { code, stdout, stderr } = await typed(line)
      expect(code, `${line}\n${stdout}${stderr}`).toBe(0)
    }
    // The last twenty requests are those of three seconds.
    await eventually(async () => (await hosted.check()).passed).catch(() => {})
    const { symptom, causes } = await hosted.check()
    expect([...symptom, ...causes].filter(({ because }) => because !== undefined)).toEqual([])
  }, 120_000)

  test('restarting everything does not pass it, and neither does scaling to nothing', async () => {
    const { hosted } = await start(name)
    everyWorkload(({ template }) => {
      template.metadata.annotations = { 'kubectl.kubernetes.io/restartedAt': new Date().toISOString() }
    })
    await systemClock.sleep(1_500)
    const restarted = await hosted.check()
    expect(restarted.passed).toBe(false)
    expect(restarted.causes.some(({ because }) => because !== undefined)).toBe(true)
    everyWorkload((spec) => {
      spec.replicas = 0
    })
    const { passed, symptom } = await hosted.check()
    expect(passed).toBe(false)
    expect(symptom.map(({ because }) => because).join()).toContain('replicas of api: 3 before, 0 now')
  }, 60_000)
})
