import { rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listenOnLoopback } from '../../src/lib/sandbox/loopback.ts'
import type { Sandbox } from '../../src/lib/sandbox/sandbox.ts'
import { count } from '../hostile/points.ts'
import { honest } from '../support/attempts.ts'
import { type Case, cases, type Id } from './cases.ts'
import { lost, pointsIn, preload, spread, useLane } from './lane.ts'

/** What a call to an HTTPS API meets. */
const answers = ['reset', 500, 409, 429, 'silence'] as const
type Answer = (typeof answers)[number]

/** The two APIs whose calls are failed one by one, and how they are told to. */
const apis = {
  Kubernetes: ({ kubernetes }: Sandbox, match: () => boolean, answer: Answer) =>
    kubernetes.fail({ match, times: 1, answer: typeof answer === 'number' ? { status: answer } : answer }),
  Cloudflare: ({ cloudflare }: Sandbox, match: () => boolean, answer: Answer) =>
    cloudflare.fail({
      match,
      times: 1,
      answer: answer === 429 ? 'too-many' : typeof answer === 'number' ? 'server-error' : answer,
    }),
} as const

/** Where what is not an API leads: one cuts what is sent to it, one says nothing. */
const badPorts = () => {
  const open = new Set<Socket>()
  const servers: Server[] = []
  const ports = { reset: 0, silence: 0 }
  const listen = async (answer: keyof typeof ports) => {
    const server = createServer((socket) => {
      open.add(socket.on('error', () => {}))
      if (answer === 'reset') socket.once('data', () => socket.resetAndDestroy())
    })
    servers.push(server)
    ports[answer] = await listenOnLoopback(server)
  }
  beforeAll(async () => {
    await listen('reset')
    await listen('silence')
  })
  afterAll(() => {
    for (const socket of open) socket.destroy()
    for (const server of servers) server.close()
  })
  return ports
}

/** Each call and each connection of a run fails in turn; run again, it comes to the same end. */
export const failEach = (ids: readonly Id[]): void => {
  const { sandbox, arrange, run, runAgain, wordsOf, worldOf, tidy, state } = useLane()
  const log = join(state, 'points')
  const ports = badPorts()

  const survives = async (id: Id, end: string, what: string, meet: (line: readonly string[]) => ReturnType<typeof run>) => {
    const one: Case = cases[id]
    const values = await arrange(one)
    const line = await wordsOf(id, values)
    const first = await meet(line)
    const told = honest.includes(first.code) && !/\n {4}at /.test(first.said)
    const world = await worldOf(id)
    // What says that it is done is done.
    if (!told || (first.code === 0 && world !== end)) return lost(`${id}, ${what}: ${world}`, first)
    const again = first.code === 0 ? first : await runAgain(id, values, line)
    const ended = again.code === 0 || (one.once === true && again.code === 3 && again.said.includes('has ended'))
    if (!ended || (await worldOf(id)) !== end || !(await tidy(0)))
      return lost(`${id}, ${what}, and run again: ${await worldOf(id)}`, first, again)
    return undefined
  }

  for (const id of ids) {
    const one: Case = cases[id]
    test(`${id}: each of its calls and connections fails in turn`, async ({ task }) => {
      const missed: string[] = []
      let tried = 0
      const attempt = async (what: string, meet: (line: readonly string[]) => ReturnType<typeof run>) => {
        tried++
        const why = await survives(id, end, what, meet)
        if (why !== undefined) missed.push(why)
      }
      const words = await wordsOf(id, await arrange(one))
      const calls = { Kubernetes: 0, Cloudflare: 0 }
      for (const name of ['Kubernetes', 'Cloudflare'] as const) apis[name](sandbox(), () => ++calls[name] < 0, 'reset')
      rmSync(log, { force: true })
      const whole = await run(words, { NODE_OPTIONS: preload, POINTS_LOG: log })
      expect(whole.code, whole.said).toBe(0)
      const end = await worldOf(id)
      for (const name of ['Kubernetes', 'Cloudflare'] as const) {
        const points = Array.from({ length: calls[name] }, (_, at) => answers.map((answer) => ({ at, answer }))).flat()
        // Who says nothing costs ten seconds: of all answers it is one of five, so that not every procedure meets it where not all are tried.
        for (const { at, answer } of spread(points, 1, `${id} ${name}`))
          await attempt(`call ${at + 1} to ${name} meets ${answer}`, (line) => {
            let seen = 0
            const over = apis[name](sandbox(), () => seen++ === at, answer)
            // A run with fewer calls than the first leaves the fault to nobody else.
            return run(line).finally(over)
          })
      }
      const { connections } = pointsIn(log)
      const cuts = Array.from({ length: connections }, (_, i) => i + 1).flatMap((at) =>
        (['reset', 'silence'] as const).map((answer) => ({ at, answer })),
      )
      for (const { at, answer } of spread(cuts, 1, id))
        await attempt(`connection ${at} meets ${answer}`, (line) =>
          run(line, { NODE_OPTIONS: preload, POINTS_CUT: String(at), POINTS_CUT_TO: String(ports[answer]) }),
        )
      for (const [what, fail] of Object.entries(others[id] ?? {}))
        await attempt(what, (line) => {
          fail(sandbox())
          return run(line)
        })
      count(task.meta, { of: `${id}: calls and connections failed in turn`, tried, lost: missed })
    })
  }
}

/** What has no connection of its own to be cut: Redis is reached through the API server's port-forward. Healed once it was met. */
const redis = (kind: 'silent' | 'dies-mid-reply' | 'hangs-up', command: string) => (sandbox: Sandbox) =>
  sandbox.redis.before(command, () => {
    sandbox.redis.fail({ kind })
    setTimeout(() => sandbox.redis.fail(undefined), 300)
  })

const others: Readonly<Partial<Record<Id, Readonly<Record<string, (sandbox: Sandbox) => void>>>>> = {
  'cache:invalidate': {
    'Redis hangs up at the first delete': redis('hangs-up', 'unlink'),
    'Redis dies in its answer to the first delete': redis('dies-mid-reply', 'unlink'),
    'Redis says nothing to the first delete': redis('silent', 'unlink'),
    'Redis hangs up at the first question': redis('hangs-up', 'info'),
  },
}
