import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { honeydue, requireBuild, root } from '../support/program.ts'
import { useSandbox } from '../support/worlds.ts'

const sandbox = useSandbox()
beforeAll(requireBuild)

const environment = () => join(sandbox().dir, 'environment.yaml')
const status = async () => {
  const { code, stdout } = await honeydue(['nodes:status', '--json', '--env', environment()])
  return { code, ...JSON.parse(stdout) } as {
    readonly code: number
    readonly exitCode: number
    readonly findings: readonly { readonly level: string; readonly text: string }[]
    readonly data: {
      readonly api: { readonly answered: boolean }
      readonly nodes: readonly {
        readonly alias: string
        readonly host: { readonly answered: boolean; readonly error?: { readonly code: string } }
        readonly node: unknown
      }[]
    }
  }
}

test('well, one node down, and nothing reached: exit 0, 3 and 9, and the others keep their rows', async () => {
  const well = await status()
  // The nodes' disks are this machine's.
  const own = well.findings.filter(({ level, text }) => level === 'wrong' && !/of (disk|memory) free/.test(text))
  expect(own).toEqual([])
  expect(well.data.api.answered).toBe(true)
  expect(well.data.nodes.map(({ alias, host }) => [alias, host.answered])).toEqual([
    ['hetzner1', true],
    ['hetzner2', true],
    ['hetzner3', true],
  ])

  await sandbox().nodes.setUp('hetzner2', false)
  const down = await status()
  expect([down.code, down.exitCode]).toEqual([3, 3])
  expect(down.findings[0]?.text).toMatch(/^No answer from hetzner2 over SSH/)
  expect(down.data.nodes.map(({ host }) => host.answered)).toEqual([true, false, true])
  expect(down.data.nodes[1]?.host.error?.code).toBe('ssh-unreachable')
  expect(down.data.nodes[1]?.node).not.toBeNull()

  for (const { alias } of sandbox().nodes.nodes) await sandbox().nodes.setUp(alias, false)
  sandbox().kubernetes.fail({ answer: 'reset' })
  const nothing = await status()
  expect([nothing.code, nothing.exitCode]).toEqual([9, 9])
  expect(nothing.data).toMatchObject({ api: { answered: false, error: { code: 'kube-unreachable' } } })
})

test('--watch draws again, and Ctrl-C ends it with 0', async () => {
  const child = spawn(
    process.execPath,
    [join(root, 'bin/run.js'), 'nodes:status', '--watch', '--interval', '100ms', '--env', environment()],
    { stdio: ['ignore', 'pipe', 'inherit'], timeout: 25_000, killSignal: 'SIGKILL' },
  )
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
    if (out.split('On the host').length > 2) child.kill('SIGINT')
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  expect(code).toBe(0)
  expect(out.match(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/gm)?.length).toBeGreaterThanOrEqual(2)
  expect(out).not.toContain('\u001B')
})
