import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { procedures } from '../../src/lib/procedures/index.ts'
import { count } from '../hostile/points.ts'
import { type Ended, overlap, spansOf } from '../support/attempts.ts'
import { type Case, cases, groups, type Id } from './cases.ts'
import { full, lost, pointsIn, preload, useLane } from './lane.ts'

const { state, sandbox, environment, systems, arrange, start, run, wordsOf, journals, untilLines, worldOf, tidy } = useLane()
const ids = Object.keys(cases) as readonly Id[]
const me = `${userInfo().username}@${hostname()}`

test('every procedure of the registry is in the lane, once', () => {
  expect([...ids].sort()).toEqual(Object.keys(procedures).sort())
  expect(Object.values(groups).flat().sort()).toEqual([...ids].sort())
})

test('where it may only be looked at every procedure stops below its plan with 2, and under another’s lease with 7: nothing is sent', async ({
  task,
}) => {
  const missed: string[] = []
  const log = join(state, 'sent')
  for (const id of ids) {
    const line = await wordsOf(id, await arrange(cases[id]))
    const before = await worldOf(id)
    rmSync(log, { force: true })
    const looked = await run(line, { HONEYDUE_READONLY: '1', NODE_OPTIONS: preload, POINTS_LOG: log })
    const below = looked.said.replace(/\s+/g, ' ')
    const refusedHere = looked.code === 2 && /\bsandbox .* plan [0-9a-z]{8} .* may only be looked at from here/.test(below)
    // A rehearsal's private PostgreSQL has a folder of its own on this machine.
    const sent = pointsIn(log).writes.filter((name) => !name.startsWith('a folder of its own'))
    if (!refusedHere || sent.length > 0 || (await worldOf(id)) !== before || journals().length > 0)
      missed.push(lost(`${id} where it may only be looked at: ${sent}`, looked))
    const over = await systems().lease.read()
    const mine = { holder: 'eva@laptop/20261129-0900-aaaa', epoch: (over?.epoch ?? 0) + 1 }
    await systems().lease.take(over, { ...mine, seconds: 30, told: { line: 'honeydue edge:drain hetzner1', step: '1 of 4: Take api off' } })
    const refused = await run(line)
    const named = refused.said.replace(/\s+/g, ' ').includes('eva@laptop is changing this deployment')
    if (refused.code !== 7 || !named || (await worldOf(id)) !== before || journals().length > 0)
      missed.push(lost(`${id} under another’s lease`, refused))
  }
  count(task.meta, {
    of: 'procedures refused in a deployment that may only be looked at, and under another’s lease',
    tried: ids.length * 2,
    lost: missed,
  })
})

const spans = () => spansOf(journals())

/** Done; or refused, by the lease, by what has moved, or by a check that met the other's work half done: then nothing was changed, and it says so. */
const isTold = ({ code, said }: Ended): boolean =>
  code === 0 || code === 7 || code === 8 || (code === 3 && said.replace(/\s+/g, ' ').includes('state Nothing was changed.'))

/** One of each class, by what it writes to: DNS, the ConfigMap and its pods, Redis, one workload, a node's firewall, the certificate, the schema. */
const classes = [
  'edge:drain',
  'db:switch-host',
  'cache:invalidate',
  'deploy:restart',
  'firewall:refresh',
  'cert:rotate',
  'db:migrate',
] as const
const pairs = (full ? ids : classes).flatMap((one, i, all) => all.slice(i).map((other) => [one, other] as const))

test('two operators in every pair of classes: never two at once, and what is told as done is so', async ({ task }) => {
  const missed: string[] = []
  for (const [one, other] of pairs) {
    const values = await arrange()
    // Both worlds in one sandbox: each case's own arrangement is of another thing.
    const worlds = {
      ...(await (cases[one] as Case).world?.(sandbox())),
      ...(one === other ? {} : await (cases[other] as Case).world?.(sandbox())),
    }
    const lines = [await wordsOf(one, { ...values, ...worlds }), await wordsOf(other, { ...values, ...worlds })] as const
    const ended = await Promise.all([run(lines[0]), run(lines[1])])
    const codes = ended.map(({ code }) => code)
    const names = sandbox().cloudflare.state.records.filter(({ type }) => type === 'A')
    const led = [...new Set(names.map(({ name }) => name))].length
    const survived = ended.every(isTold) && codes.includes(0) && !overlap(spans()) && led >= 4 && (await tidy(0))
    if (!survived) missed.push(lost(`${one} × ${other}: ${codes} ${JSON.stringify(spans())}`, ...ended))
  }
  count(task.meta, { of: 'two operators at the same moment', tried: pairs.length, lost: missed })
})

test('one is stopped past its lease and taken over; resumed, it changes nothing more and says who took it', async ({ task }) => {
  const missed: string[] = []
  const stopped = ['edge:drain', 'db:switch-host', 'cache:invalidate'] as const
  const points = stopped.flatMap((id) => [4, 6].map((lines) => ({ id, lines })))
  for (const { id, lines } of points) {
    const line = await wordsOf(id, await arrange(cases[id]))
    const asleep = start(line)
    expect(await untilLines(asleep, lines)).toBe(true)
    asleep.process.kill('SIGSTOP')
    const [old] = journals()
    await sleep(3500)
    const next = await run(['deploy:restart', 'admin', '--confirm', 'sandbox/admin', '--take-over', me])
    asleep.process.kill('SIGCONT')
    const woken = await asleep.ended
    const after = journals().find(({ name }) => name === old?.name)
    const intents = after?.lines.slice(old?.lines.length).filter(({ type }) => type === 'intent') ?? []
    const survived =
      next.code === 0 &&
      woken.code === 7 &&
      intents.length <= 1 &&
      /took the operators’ lease over|not ours any more/.test(woken.said.replace(/\s+/g, ' ')) &&
      (await tidy(0))
    if (!survived) missed.push(lost(`${id} stopped at line ${lines}, ${intents.length} intents after it`, next, woken))
  }
  count(task.meta, { of: 'stopped past its lease, taken over, and resumed', tried: points.length, lost: missed })
})

test('a second operator asks a run to stop before its next step, and goes on from there: never two at once, the same end', async ({
  task,
}) => {
  const missed: string[] = []
  const asked = ['edge:drain', 'db:switch-host', 'cache:invalidate'] as const
  let stoppedBefore = 0
  for (const id of asked) {
    const line = await wordsOf(id, await arrange(cases[id]))
    expect((await run(line)).code).toBe(0)
    const end = await worldOf(id)
    await arrange(cases[id])
    // Whoever is asked is alive: nobody may take it for dead while it is stopped here.
    const patient = ['--env', join(state, 'patient.yaml')]
    const given = parse(readFileSync(environment(), 'utf8')) as object
    writeFileSync(join(state, 'patient.yaml'), stringify({ ...given, lease: { name: 'honeydue-operators', seconds: 60 } }))
    const first = start([...line, ...patient])
    expect(await untilLines(first, 4)).toBe(true)
    first.process.kill('SIGSTOP')
    const confirm = line.includes('--confirm') ? (line[line.indexOf('--confirm') + 1] ?? '') : 'sandbox/1,2,3'
    const second = start(['run:watch', '--take-over', '--confirm', confirm, ...patient])
    const isAsked = async () => (await systems().lease.read())?.askedBy === me
    for (let waited = 0; !(await isAsked()) && waited < 10_000; waited += 50) await sleep(50)
    first.process.kill('SIGCONT')
    const ended = await first.ended
    const next = await second.ended
    const handed = ended.code === 7 && ended.said.replace(/\s+/g, ' ').includes(`${me} asked to go on from here`)
    if (handed) stoppedBefore++
    // Asked in its last step, it came to its end.
    const survived = (handed || ended.code === 0) && next.code === 0 && (await worldOf(id)) === end && !overlap(spans()) && (await tidy(0))
    if (!survived) missed.push(lost(`${id}: ${ended.code}, then ${next.code}: ${JSON.stringify(spans())}`, ended, next))
  }
  expect(stoppedBefore).toBeGreaterThan(0)
  count(task.meta, { of: 'asked to stop at a step’s boundary, and gone on with by another operator', tried: asked.length, lost: missed })
})
