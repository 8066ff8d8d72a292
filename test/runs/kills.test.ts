import { expect, test } from 'vitest'
import { hosts, namespace } from '../../src/lib/sandbox/deployment/facts.ts'
import { full, tried, useLane } from './lane.ts'

const { sandbox, systems, fresh, start, run, journals, untilLines } = useLane()

const records = () =>
  sandbox()
    .cloudflare.state.records.map(({ name, content }) => `${name} ${content}`)
    .sort()
const host = async () => (await systems().kube.read.configMap(namespace, 'honeydue-config'))?.['DB_HOST']

const cases = [
  { words: ['edge:drain', 'hetzner2', '--within', '5s', '--confirm', 'sandbox/hetzner2'], world: async () => records() },
  { words: ['db:switch-host', '--to', 'direct', '--confirm', `sandbox/${hosts.direct}`], world: host },
  {
    words: ['cache:invalidate', '--user', '1', '--user', '2', '--user', '3'],
    world: async () =>
      sandbox()
        .redis.store.keys()
        .filter((key) => /user:[123]$/.test(key)),
  },
] as const

for (const { words, world } of cases)
  test(`${words[0]}: killed at each line of its journal and run again, it comes to the same end`, async () => {
    fresh()
    expect((await run(...words)).code).toBe(0)
    const end = await world()
    const lines = journals()[0]?.lines.length ?? 0
    expect(lines).toBeGreaterThan(4)
    for (let at = 1; at <= lines; at += full ? 1 : 2) {
      await sandbox().reset()
      fresh()
      const child = start(...words)
      await untilLines(child, at)
      child.process.kill('SIGKILL')
      await child.ended
      const again = await run(...words)
      const lease = await systems().lease.read()
      const left = journals().filter(({ lines }) => lines.at(-1)?.type !== 'end')
      const survived =
        again.code === 0 && JSON.stringify(await world()) === JSON.stringify(end) && lease?.holder === undefined && left.length <= 1
      if (!survived) process.stdout.write(`lost: ${words[0]} killed at line ${at}: exit ${again.code}\n${again.said}\n`)
      tried('points killed', survived)
    }
  })
