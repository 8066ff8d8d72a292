import { test } from 'vitest'
import { spread, useAttack } from './attack.ts'
import { everyProcedure, type ProcedureId } from './attacked.ts'
import { count } from './points.ts'
import type { System } from './wired.ts'

const { sandbox, wires, survives, undisturbed, untilLines } = useAttack()

/** A call that changes something; the lease and its events are the business of their own point. */
const writes = ({ method, path }: { readonly method: string; readonly path: string }): boolean =>
  method !== 'GET' && !path.includes('dryRun=') && !/\/leases|\/events|\/self(subject)?/.test(path)

/** The two APIs that say which call it is, and how the answer to one of them is lost. */
const apis = {
  Kubernetes: (match: (seen: { readonly method: string; readonly path: string }) => boolean, how: 'reset' | 'silence') =>
    sandbox().kubernetes.fail({ match, times: 1, answer: how, after: true }),
  Cloudflare: (match: (seen: { readonly method: string; readonly path: string }) => boolean, how: 'reset' | 'silence') =>
    sandbox().cloudflare.fail({ match, times: 1, answer: how, after: true }),
} as const

/** Where no call can be told from another on its way: the first answer after a step has begun is lost. */
const onTheWay: Readonly<Partial<Record<ProcedureId, System>>> = {
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

test.for(everyProcedure)('%s: what was written is written, whether or not the answer comes', async (id, { task }) => {
  const calls = { Kubernetes: 0, Cloudflare: 0 }
  const { end, lines } = await undisturbed(id, () => {
    for (const name of ['Kubernetes', 'Cloudflare'] as const)
      apis[name]((seen) => {
        if (writes(seen)) calls[name]++
        return false
      }, 'reset')
  })
  const lost: string[] = []
  let tried = 0
  const attempt = async (what: string, meet: Parameters<typeof survives>[2]) => {
    tried++
    const wrong = await survives(id, end, meet)
    if (wrong !== undefined) lost.push(`${id}, ${what}: ${wrong}`)
  }
  for (const name of ['Kubernetes', 'Cloudflare'] as const) {
    const points = Array.from({ length: calls[name] }, (_, at) => at)
    // Who says nothing is waited for: one of those is enough where not all are tried.
    const wanted = [...spread(points, 2).map((at) => [at, 'reset'] as const), ...spread(points, 1).map((at) => [at, 'silence'] as const)]
    for (const [at, how] of wanted)
      await attempt(`answer ${at + 1} of ${name}, ${how}`, () => {
        let seen = 0
        apis[name]((call) => writes(call) && seen++ === at, how)
      })
  }
  if (id === 'db:restore-point')
    await attempt('answer of Neon, reset', async (child) => {
      sandbox().neon.trouble = 'lost answer'
      void child.ended.then(() => {
        sandbox().neon.trouble = 'none'
      })
    })
  const way = onTheWay[id]
  const intents = lines.flatMap(({ type }, i) => (type === 'intent' ? [i + 1] : []))
  if (way)
    for (const how of ['reset', 'silence'] as const)
      for (const at of spread(intents, 1))
        await attempt(`first answer of ${way} after line ${at}, ${how}`, async (child) => {
          if (await untilLines(child, at)) wires()[way].loseAnswer(how)
        })
  count(task.meta, { of: `${id}: written, and the answer lost`, tried, lost })
})
