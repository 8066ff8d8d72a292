import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { hostDrill } from '../../src/lib/drills/host.ts'
import { drills } from '../../src/lib/drills/index.ts'
import { namespace } from '../../src/lib/sandbox/deployment/facts.ts'
import { confirmed, requireBuild } from '../support/program.ts'
import { useSandbox } from '../support/worlds.ts'

/** How many files share the drills. */
const files = 3

type Spec = { replicas: number; readonly template: { readonly metadata: { annotations?: Record<string, string> } } }

/** Every so manieth drill, solved by its shortest way and solved wrongly; the files run beside each other, each with a sandbox of its own. */
export const describeDrills = (part: number): void => {
  const sandbox = useSandbox({ postgres: true, jobs: true, speed: { faster: 10 } })
  beforeAll(requireBuild)

  let ending = new AbortController()
  afterEach(() => {
    ending.abort()
    ending = new AbortController()
  })

  const start = async (name: string) => {
    const drill = await drills[name]?.()
    if (drill === undefined) throw new Error(`no drill ${name}`)
    const hosted = await hostDrill(drill, { sandbox: sandbox(), seed: 7, signal: ending.signal, atOnce: true, pause: 60 })
    return { drill, hosted }
  }

  const typed = async (line: string): Promise<{ readonly code: number | null; readonly said: string }> => {
    const { dir, nodes } = sandbox()
    if (!line.startsWith('honeydue ')) return inShell(line, { KUBECONFIG: join(dir, 'admin.kubeconfig') }, nodes.configFile)
    const words = line.split(' ').slice(1)
    const { code, stdout, stderr } = await confirmed(words, { env: { HONEYDUE_ENV: join(dir, 'environment.yaml') }, within: 150_000 })
    return { code, said: stdout + stderr }
  }

  const everyWorkload = (change: (spec: Spec) => void) => {
    for (const name of ['api', 'web', 'admin', 'worker'])
      sandbox().kubernetes.client.update({ group: 'apps', resource: 'deployments' }, name, namespace, (draft) => change(draft.spec as Spec))
  }

  describe.each(Object.keys(drills).filter((_, at) => at % files === part))('%s', (name) => {
    test('it is passed by its shortest way, and not before', async () => {
      const { drill, hosted } = await start(name)
      expect(drill.name).toBe(name)
      const before = await hosted.check()
      expect(before.passed).toBe(false)
      expect(before.causes.some(({ because }) => because !== undefined)).toBe(true)
      for (const line of before.way) {
        const { code, said } = await typed(line)
        expect(code, `${line}\n${said}`).toBe(0)
      }
      const wrong = async () => {
        const { symptom, causes } = await hosted.check()
        return [...symptom, ...causes].flatMap(({ what, because }) => (because === undefined ? [] : [`${what}: ${because}`]))
      }
      await expect.poll(wrong, { timeout: 60_000, interval: 200 }).toEqual([])
    }, 300_000)

    test('restarting everything does not pass it, and neither does scaling to nothing', async () => {
      const { hosted } = await start(name)
      everyWorkload(({ template }) => {
        template.metadata.annotations = { 'kubectl.kubernetes.io/restartedAt': new Date().toISOString() }
      })
      await systemClock.sleep(800)
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
}

/** As at an operator's shell: kubectl with this kubeconfig, ssh with this configuration. */
const inShell = (line: string, env: NodeJS.ProcessEnv, ssh: string): Promise<{ readonly code: number | null; readonly said: string }> =>
  new Promise((resolve) => {
    const script = `set -eu\nssh() { command ssh -F "$SSH_CONFIG" "$@"; }\n${line}`
    const child = spawn('/bin/sh', ['-c', script], {
      env: { ...process.env, ...env, SSH_CONFIG: ssh },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 150_000,
    })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (said += text))
    child.on('close', (code) => resolve({ code, said }))
  })
