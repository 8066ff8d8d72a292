import { expect, test } from 'vitest'
import { full, outcome, tried, useLane } from './lane.ts'

const { sandbox, systems, fresh, run } = useLane()
const words = ['edge:drain', 'hetzner2', '--within', '5s', '--confirm', 'sandbox/hetzner2'] as const
const records = () =>
  sandbox()
    .cloudflare.state.records.map(({ name, content }) => `${name} ${content}`)
    .sort()
const answers = ['reset', { status: 500 }, { status: 409 }, { status: 429 }] as const

test('each call to the Kubernetes API of a run fails in turn, lease and events among them; run again, it comes to the same end', async () => {
  fresh()
  let calls = 0
  const count = sandbox().kubernetes.fail({ match: () => ++calls < 0, answer: 'reset' })
  expect((await run(...words)).code).toBe(0)
  count()
  const end = records()
  expect(calls).toBeGreaterThan(5)
  for (const [kind, answer] of answers.entries())
    for (let at = full ? 0 : kind; at < calls; at += full ? 1 : 5) {
      await sandbox().reset()
      fresh()
      let seen = 0
      const back = sandbox().kubernetes.fail({ match: () => seen++ === at, times: 1, answer })
      const first = await run(...words)
      back()
      const again = first.code === 0 ? first : await run(...words)
      const lease = await systems().lease.read()
      const survived =
        outcome(first.code, [0, 4, 7, 9]) &&
        again.code === 0 &&
        JSON.stringify(records()) === JSON.stringify(end) &&
        lease?.holder === undefined
      if (!survived)
        process.stdout.write(
          `lost: call ${at} with ${JSON.stringify(answer)}: ${first.code}, then ${again.code}\n${first.said}\n${again.said}\n`,
        )
      tried('faults injected', survived)
    }
})
