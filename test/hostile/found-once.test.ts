import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, type TaskMeta, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { hosts, namespace } from '../../src/lib/sandbox/deployment/facts.ts'
import { plantedValues } from '../../src/lib/sandbox/deployment/planted.ts'
import { manifestFile } from '../../src/lib/sandbox/deployment/repository.ts'
import { type Child, type JournalLine, journalsIn, startProgram } from '../support/attempts.ts'
import { migrationWorlds, nextImage } from '../support/migration-worlds.ts'
import { gate, holdGate, inTransaction, jobBecomes, patient, release, versionsOf, waitingAtGate } from '../support/migrations.ts'
import { confirmed, type Ended, honeydue, requireBuild } from '../support/program.ts'
import { useSandbox } from '../support/worlds.ts'
import { count } from './points.ts'

/** What once ended badly, each as it was found: F4, F5 and so on are its names in the commits that mended it. The others stand where their class does. */
const sandbox = useSandbox({ postgres: true, speed: { ready: 20, terminate: 20 } })
const home = mkdtempSync(join(tmpdir(), 'honeydue-found-once-'))
beforeAll(requireBuild)
afterAll(() => rmSync(home, { recursive: true, force: true }))

const at = () => ['--env', join(sandbox().dir, 'environment.yaml')]
const env = { NO_COLOR: '1' }
const flat = ({ stdout, stderr }: Ended): string => `${stdout}${stderr}`.replace(/\s+/g, ' ')
const run = (...words: readonly string[]) => honeydue([...words, ...at()], { home, env, within: 100_000 })
const carryOut = (...words: readonly string[]) => confirmed([...words, ...at(), '--json'], { home, env, within: 100_000 })
const leftOf = ({ stdout }: Ended): readonly string[] =>
  (JSON.parse(stdout) as { readonly error?: { readonly byHand?: readonly string[] } }).error?.byHand ?? []
const checkout = () => sandbox().environment.checkout
const inCheckout = (...names: readonly string[]) => join(checkout(), 'deploy-k3s', ...names)

/** Pasted as it is told, where everybody refuses what is to be changed; Cloudflare still says which zone it is. */
const pasted = (lines: readonly string[]): string => {
  const bin = join(home, 'refusing')
  mkdirSync(bin, { recursive: true })
  for (const name of ['kubectl', 'curl', 'ssh', 'psql']) {
    writeFileSync(join(bin, name), `#!/bin/sh\ncase "$*" in */zones?*) echo '{"id":"a1"}' ;; *) exit 22 ;; esac\n`)
    chmodSync(join(bin, name), 0o755)
  }
  const { stderr } = spawnSync('bash', ['-c', lines.join('\n')], {
    cwd: checkout(),
    // Asked whether it is done already, whoever pastes it says no.
    input: 'n\n'.repeat(20),
    env: { PATH: `${bin}${delimiter}${process.env['PATH']}`, HOME: home, CLOUDFLARE_API_TOKEN: 'x' },
    timeout: 60_000,
  })
  return String(stderr)
}

/** Files that `git add -A` would take, which hold what nobody may see. */
const wouldBePublished = (): readonly string[] =>
  execFileSync('git', ['-C', checkout(), 'status', '--porcelain', '--untracked-files=all'], { encoding: 'utf8' })
    .split('\n')
    .filter(Boolean)
    .map((line) => line.slice(3))
    .filter((file) => {
      const text = readFileSync(join(checkout(), file), 'utf8')
      return /PRIVATE KEY/.test(text) || plantedValues.some((value) => text.includes(value))
    })

/** Whoever comes to this line has lost none. */
const survived = ({ meta }: { readonly meta: TaskMeta }) =>
  count(meta, { of: 'faults that were found once: F4, F5, F7, F11, F13, F15', tried: 1, lost: [] })

test('F4: what is left by hand begins with the step that failed', async ({ task }) => {
  sandbox().kubernetes.fail({
    match: ({ method, path }) => method === 'PATCH' && /\/deployments\/api\b/.test(path) && !path.includes('dryRun'),
    answer: { status: 500, reason: 'InternalError' },
  })
  const ended = await carryOut('db:switch-host', '--to', 'direct')
  expect(ended.code, flat(ended)).not.toBe(0)
  const left = leftOf(ended)
  const steps = left.filter((line) => line.startsWith('# '))
  expect(steps.slice(0, 2), left.join('\n')).toEqual(['# Restart api', expect.stringContaining('Look first')])
  expect(left.find((line) => line.startsWith('kubectl'))).toContain('rollout restart deployment/api')
  survived(task)
})

test('F4: what is left of a rotation, pasted while Cloudflare refuses, leaves certificate and key as they are', async ({ task }) => {
  const files = ['cloudflare-origin.crt', 'cloudflare-origin.key']
  const before = files.map((name) => readFileSync(inCheckout('secrets', name), 'utf8'))
  sandbox().cloudflare.fail({ match: ({ method, path }) => method === 'POST' && path.includes('/certificates'), answer: 'server-error' })
  const ended = await carryOut('cert:rotate', '--validity', '90', '--soak', '0s')
  expect(ended.code, flat(ended)).not.toBe(0)
  const left = leftOf(ended)
  expect(left.join('\n'), flat(ended)).toContain('certificates')
  pasted(left)
  expect(files.map((name) => readFileSync(inCheckout('secrets', name), 'utf8'))).toEqual(before)
  survived(task)
})

test('F5: nothing that a run or its lines leave in the checkout would be published with a secret in it', async ({ task }) => {
  const byHand = await run('db:switch-host', '--to', 'direct', '--by-hand')
  pasted(byHand.stdout.split('\n'))
  expect(wouldBePublished()).toEqual([])
  await sandbox().reset()
  // Killed at the moment when the new text is whole and has not taken its name.
  const killer = join(home, 'killer.mjs')
  writeFileSync(
    killer,
    `import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
const { rename } = fs.promises
fs.promises.rename = (from, to) => (String(to).startsWith(process.env.KILLED_AT) ? process.kill(process.pid, 'SIGKILL') : rename(from, to))
syncBuiltinESMExports()
`,
  )
  for (const words of [
    ['db:switch-host', '--to', 'direct'],
    ['cert:rotate', '--validity', '90', '--soak', '0s'],
  ]) {
    const ended = await confirmed([...words, ...at()], {
      home,
      env: { ...env, NODE_OPTIONS: `--import ${killer}`, KILLED_AT: checkout() },
      within: 100_000,
    })
    expect(ended.code, `${words}: ${flat(ended)}`).toBeNull()
    expect(wouldBePublished(), words.join(' ')).toEqual([])
  }
  survived(task)
})

test('F7: a manifest that would run goose down is shown and refused, of the working copy as of the tag', async ({ task }) => {
  await migrationWorlds['two files pending'](sandbox())
  const good = await run('db:migrate', '--image', nextImage, '--dry-run')
  expect([good.code, flat(good)]).toEqual([0, expect.stringMatching(/exec goose -dir migrations postgres .* up/)])
  const file = join(checkout(), manifestFile)
  writeFileSync(file, readFileSync(file, 'utf8').replace('lock_timeout=5s" up', 'lock_timeout=5s" down-to 0'))
  const ended = await run('db:migrate', '--image', nextImage, '--dry-run')
  expect([ended.code, flat(ended)]).toEqual([3, expect.stringMatching(/down-to 0/)])
  expect(flat(ended)).toContain('another one than at cccc001')
  survived(task)
})

test('F11: an API that answers 404 to everything is no healthy cluster', async ({ task }) => {
  sandbox().kubernetes.fail({ answer: { status: 404, reason: 'NotFound' } })
  for (const report of ['cluster:health', 'nodes:status', 'status']) {
    const ended = await run(report)
    expect(ended.code, `${report}: ${flat(ended)}`).not.toBe(0)
    expect(flat(ended)).not.toContain('Nothing is wrong')
  }
  survived(task)
})

const state = join(home, 'state')
/** With what confirms it, as somebody types it who has looked at the plan. */
const started = async (words: readonly string[]): Promise<Child> => {
  const { said } = await startProgram([...words, '--dry-run', '--json'], state, env).ended
  const { plan } = JSON.parse(said.slice(said.indexOf('{'))) as { readonly plan: Readonly<Record<string, string>> }
  return startProgram([...words, '--confirm', `${plan.environment}/${plan.subject}`, '--plan', String(plan.name)], state, env)
}
/** Stopped where its newest journal has come so far, of so many. */
const stoppedAt = async ({ process }: Child, journals: number, holds: (lines: readonly JournalLine[]) => boolean): Promise<void> => {
  const isThere = () => {
    const all = journalsIn(state)
    return all.length === journals && holds(all.at(-1)?.lines ?? [])
  }
  while (process.exitCode === null && !isThere()) await sleep(1)
  process.kill('SIGSTOP')
}

test('F13: a switch that somebody else takes back in mid-run ends it, and nobody waits for what cannot come', async ({ task }) => {
  rmSync(state, { recursive: true, force: true })
  const child = await started(['db:switch-host', '--to', 'direct', ...at()])
  await stoppedAt(child, 1, (lines) => lines.some(({ type, step }) => type === 'result' && step === 0))
  sandbox().kubernetes.client.update({ group: '', resource: 'configmaps' }, 'honeydue-config', namespace, (draft) => {
    draft.data = { ...(draft.data as Readonly<Record<string, string>>), DB_HOST: hosts.pooler }
  })
  child.process.kill('SIGCONT')
  const { code, said } = await child.ended
  expect([code, said.replace(/\s+/g, ' ')], said).toEqual([
    8,
    expect.stringMatching(/undone since by somebody else|Somebody else, or a deploy, changed/),
  ])
  survived(task)
})

test('F15: our own Job that comes to its end between two looks is progress, and nobody else’s doing', async ({ task }) => {
  const environment = join(home, 'environment.yaml')
  const given = parse(readFileSync(join(sandbox().dir, 'environment.yaml'), 'utf8')) as object
  // The lease of a run that was killed is abandoned after three seconds.
  writeFileSync(environment, stringify({ ...given, lease: { name: 'honeydue-operators', seconds: 3 } }), { mode: 0o600 })
  const open = await holdGate(sandbox())
  await release(sandbox(), 'cccc001', { '000003_notes.sql': inTransaction(`ALTER TABLE tasks ADD COLUMN notes text;\n${gate}`) })
  const words = ['db:migrate', '--image', nextImage, '--env', environment]
  rmSync(state, { recursive: true, force: true })
  const first = await started(words)
  await expect.poll(() => waitingAtGate(sandbox()), patient).toBe(1)
  first.process.kill('SIGKILL')
  await first.ended
  const again = await started(words)
  // It has looked once, and is about to look again: its journal has the plan.
  await stoppedAt(again, 2, (lines) => lines.length > 0)
  await open()
  await jobBecomes(sandbox(), 'Complete')
  again.process.kill('SIGCONT')
  const { code, said } = await again.ended
  expect(code, said).toBe(0)
  expect(await versionsOf(sandbox())).toEqual([0, 1, 2, 3])
  survived(task)
})
