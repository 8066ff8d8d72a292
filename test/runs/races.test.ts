import { hostname, userInfo } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { hosts, namespace } from '../../src/lib/sandbox/deployment/facts.ts'
import { tried, useLane } from './lane.ts'

const { sandbox, systems, fresh, start, run, journals, untilLines } = useLane()
const drain = (node: string) => ['edge:drain', node, '--within', '5s', '--confirm', `sandbox/${node}`] as const
const direct = ['db:switch-host', '--to', 'direct', '--confirm', `sandbox/${hosts.direct}`] as const
const users = ['cache:invalidate', '--user', '1', '--user', '2', '--user', '3'] as const
const restart = ['deploy:restart', 'admin', '--confirm', 'sandbox/admin'] as const
const names = () => {
  const left = sandbox().cloudflare.state.records.filter(({ type }) => type === 'A')
  return [...new Set(left.map(({ name }) => name))].map((name) => left.filter((record) => record.name === name).length)
}
/** From its first change to its end, of each run that changed something. */
const spans = () =>
  journals()
    .map(({ lines }) => [lines.find(({ type }) => type === 'begin')?.at ?? '', lines.at(-1)?.at ?? ''] as const)
    .filter(([begin]) => begin !== '')
    .sort(([one], [other]) => one.localeCompare(other))
const overlap = () => spans().some(([, end], i, all) => end > (all[i + 1]?.[0] ?? '9'))

const pairs = [
  [drain('hetzner1'), drain('hetzner2')],
  [drain('hetzner1'), direct],
  [direct, users],
  [users, drain('hetzner3')],
  [direct, direct],
  [restart, drain('hetzner2')],
] as const

test('two operators in pairs of procedures: never two at once, and every name keeps an address', async () => {
  for (const [one, other] of pairs)
    for (const wait of [0, 150]) {
      await sandbox().reset()
      fresh()
      const first = start(...one)
      await sleep(wait)
      const ended = await Promise.all([first.ended, run(...other)])
      const codes = ended.map(({ code }) => code)
      const survived =
        codes.every((code) => code === 0 || code === 7 || code === 8) &&
        codes.includes(0) &&
        !overlap() &&
        names().every((count) => count >= 1)
      if (!survived)
        process.stdout.write(
          `lost: ${one.join(' ')} × ${other.join(' ')}: ${codes}\n${ended.map(({ said }) => said).join('\n')}\n${JSON.stringify(spans())}\n`,
        )
      tried('races', survived)
    }
})

test('one is stopped past its lease and taken over; resumed, it changes nothing more and says who took it', async () => {
  for (const lines of [4, 6]) {
    await sandbox().reset()
    fresh()
    const asleep = start(...drain('hetzner1'))
    expect(await untilLines(asleep, lines)).toBe(true)
    asleep.process.kill('SIGSTOP')
    const before = journals()[0]?.lines.length
    await sleep(3500)
    const name = `${userInfo().username}@${hostname()}`
    const next = await run(...direct, '--take-over', name)
    asleep.process.kill('SIGCONT')
    const woken = await asleep.ended
    const old = journals().find(({ text }) => text.includes('"id":"edge:drain"'))
    const intents = old?.lines.slice(before).filter(({ type }) => type === 'intent') ?? []
    const survived =
      next.code === 0 && woken.code === 7 && intents.length <= 1 && /took the operators’ lease over|not ours any more/.test(woken.said)
    if (!survived) process.stdout.write(`lost: ${next.code} ${woken.code}\n${next.said}\n${woken.said}\n${old?.text}\n`)
    tried('stopped past the lease', survived)
    expect((await systems().lease.read())?.holder).toBeUndefined()
  }
})

test('a foreign hand in mid-run: 8, with who and what, and it is not told as done', async () => {
  for (const hand of ['ConfigMap', 'record']) {
    await sandbox().reset()
    fresh()
    const child = hand === 'ConfigMap' ? start(...direct) : start(...drain('hetzner2'))
    const gone = hand === 'record' ? sandbox().cloudflare.state.records.find(({ content }) => content === '178.105.32.198') : undefined
    expect(await untilLines(child, 6)).toBe(true)
    if (hand === 'ConfigMap')
      sandbox().kubernetes.client.update({ group: '', resource: 'configmaps' }, 'honeydue-config', namespace, (draft) => {
        draft.data = { ...(draft.data as Record<string, string>), DB_HOST: hosts.pooler }
      })
    else if (gone) sandbox().cloudflare.state.records = [...sandbox().cloudflare.state.records.filter(({ id }) => id !== gone.id), gone]
    const { code, said } = await child.ended
    const survived =
      code === 8 && said.replace(/\s+/g, ' ').includes('undone since by somebody else') && !said.includes('Done, and seen to hold')
    if (!survived) process.stdout.write(`lost: ${hand}: ${code}\n${said}\n`)
    tried('foreign hands', survived)
  }
})
