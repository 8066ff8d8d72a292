import { test } from 'vitest'
import { useAttack } from './attack.ts'
import { type AttackedId, attackedOf, everyAttacked } from './attacked.ts'
import { count, full } from './points.ts'
import type { System } from './wired.ts'

type Call = { readonly method: string; readonly path: string }
type How = 'reset' | 'silence'

/** A call that changes something; the lease and its events are the business of their own point. */
const writes = ({ method, path }: Call): boolean =>
  method !== 'GET' && !path.includes('dryRun=') && !/\/leases|\/events|\/self(subject)?/.test(path)

/** Where no call can be told from another on its way: the first answer after a step has begun is lost. */
const onTheWay: Readonly<Partial<Record<AttackedId, System>>> = {
  'cache:invalidate': 'kubernetes',
  'cache:policy': 'kubernetes',
  'db:bootstrap-goose': 'postgres',
  'db:recover-migration': 'postgres',
  'db:unlock': 'postgres',
  'firewall:refresh': 'ssh',
  'queue:drop': 'kubernetes',
  'queue:pause': 'kubernetes',
  'queue:resume': 'kubernetes',
  'queue:retry': 'kubernetes',
}

/** Of so many points, those that are tried: all, or one, another one for each procedure. */
const chosen = <T>(all: readonly T[], turn: number): readonly T[] => (full ? all : all.slice(turn % Math.max(1, all.length)).slice(0, 1))

/** Three files go beside each other; a topic that is new is one of the cluster's. */
const parts = { data: ['cache', 'db', 'queue', 'secrets'], front: ['cert', 'edge', 'firewall', 'nodes'] } as const
const partOf = (id: AttackedId): keyof typeof parts | 'cluster' => {
  const [topic = ''] = id.split(':')
  return (['data', 'front'] as const).find((part) => (parts[part] as readonly string[]).includes(topic)) ?? 'cluster'
}

/** The procedures of one part: what they wrote, its answer lost, and every connection to one of their systems cut in mid-run; then they are run again. */
export const disturbed = (part: ReturnType<typeof partOf>): void => {
  const { sandbox, wires, survives, undisturbed, untilLines } = useAttack()
  const ids = everyAttacked.filter((id) => partOf(id) === part)
  /** The two APIs that say which call it is, and how the answer to one of them is lost. */
  const apis = {
    Kubernetes: (match: (seen: Call) => boolean, answer: How) => sandbox().kubernetes.fail({ match, times: 1, answer, after: true }),
    Cloudflare: (match: (seen: Call) => boolean, answer: How) => sandbox().cloudflare.fail({ match, times: 1, answer, after: true }),
  } as const
  const names = ['Kubernetes', 'Cloudflare'] as const

  /** The end of each that nothing disturbs, the lines of its journal, and how often it writes to which API. */
  const before = new Map<AttackedId, ReturnType<typeof watched>>()
  const watched = async (id: AttackedId) => {
    const calls = { Kubernetes: 0, Cloudflare: 0 }
    const ended = await undisturbed(id, () => {
      Object.assign(calls, { Kubernetes: 0, Cloudflare: 0 })
      for (const name of names)
        apis[name]((seen) => {
          if (writes(seen)) calls[name]++
          return false
        }, 'reset')
    })
    return { ...ended, calls }
  }
  const known = (id: AttackedId): ReturnType<typeof watched> => {
    const one = before.get(id) ?? watched(id)
    before.set(id, one)
    one.catch(() => before.delete(id))
    return one
  }

  test.for(ids)('%s: what was written is written, whether or not the answer comes', async (id, { task }) => {
    const turn = everyAttacked.indexOf(id)
    const { end, lines, calls } = await known(id)
    const lost: string[] = []
    let [tried, outOf] = [0, 0]
    const attempt = async (what: string, meet: Parameters<typeof survives>[2]) => {
      tried++
      const wrong = await survives(id, end, meet)
      if (wrong !== undefined) lost.push(`${id}, ${what}: ${wrong}`)
    }
    for (const name of names) {
      const all = Array.from({ length: calls[name] }, (_, at) => (['reset', 'silence'] as const).map((how) => [at, how] as const)).flat()
      outOf += all.length
      for (const [at, how] of chosen(all, turn))
        await attempt(`answer ${at + 1} of ${name}, ${how}`, () => {
          let seen = 0
          return apis[name]((call) => writes(call) && seen++ === at, how)
        })
    }
    if (id === 'db:restore-point') {
      outOf++
      await attempt('answer of Neon, reset', async (child) => {
        sandbox().neon.trouble = 'lost answer'
        void child.ended.then(() => {
          sandbox().neon.trouble = 'none'
        })
      })
    }
    const way = onTheWay[id]
    const intents = lines.flatMap(({ type }, i) => (type === 'intent' ? [i + 1] : []))
    if (way) {
      const all = intents.flatMap((at) => (['reset', 'silence'] as const).map((how) => [at, how] as const))
      outOf += all.length
      for (const [at, how] of chosen(all, turn))
        await attempt(`first answer of ${way} after line ${at}, ${how}`, async (child) => {
          if (await untilLines(child, at)) wires()[way].loseAnswer(how)
        })
    }
    // What writes a file of this machine alone has no answer to lose.
    if (outOf > 0) count(task.meta, { of: `${id}: written, and the answer lost`, tried, outOf, lost })
  })

  test.for(ids)('%s: every connection to one system is cut in mid-run', async (id, { task }) => {
    const { end, lines } = await known(id)
    // Before the second it has not begun, after the last it is over.
    const moments = lines.map((_, i) => i + 1).slice(1, -1)
    const all = attackedOf(id).systems.flatMap((system) => moments.map((at) => [system, at] as const))
    const tried = chosen(all, everyAttacked.indexOf(id) * 7)
    const lost: string[] = []
    for (const [system, at] of tried) {
      const wrong = await survives(id, end, async (child) => {
        if (await untilLines(child, at)) wires()[system].cut()
      })
      if (wrong !== undefined) lost.push(`${id}, ${system} cut at line ${at} of the journal: ${wrong}`)
    }
    if (all.length > 0)
      count(task.meta, { of: `${id}: all connections of one system cut in mid-run`, tried: tried.length, outOf: all.length, lost })
  })
}
