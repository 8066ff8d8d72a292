import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'vitest'
import { nodes } from '../../src/lib/sandbox/deployment/facts.ts'
import { overlap, spansOf } from '../support/attempts.ts'
import { useAttack } from './attack.ts'
import { everyProcedure, type ProcedureId } from './attacked.ts'
import { count, full } from './points.ts'

/** Both ways of every connection take this long: the guard that reads and then writes has time to be wrong. */
const delay = 80
const { sandbox, freshFor, start, confirmed, journals, told, systems } = useAttack({ delay })

const spans = () => spansOf(journals())
const withoutAddress = (names: readonly string[]): readonly string[] =>
  names.filter(
    (name) => !sandbox().cloudflare.state.records.some((record) => record.name === name && record.type === 'A' && record.proxied),
  )

/** Both are carried out, one so many ms after the other; what is wrong with that. */
const race = async (lines: readonly (readonly string[])[], apart: number): Promise<string | undefined> => {
  const names = [...new Set(sandbox().cloudflare.state.records.map(({ name }) => name))]
  const typed = await Promise.all(lines.map((line) => confirmed(line)))
  const ended = await Promise.all(
    typed.map(async (line, i) => {
      await sleep(i * apart)
      return start(line).ended
    }),
  )
  const codes = ended.map(({ code }) => code)
  const said = () => ended.map((one) => `exit ${one.code}: ${one.said}`).join('\n')
  // 9: over a line as slow as this a question may come too late; nothing was changed then.
  if (!codes.every((code) => [0, 3, 7, 8, 9].includes(code ?? 1)) || !codes.includes(0)) return `ended with ${codes}\n${said()}`
  if (overlap(spans())) return `two at once: ${JSON.stringify(spans())}\n${said()}`
  const gone = withoutAddress(names)
  if (gone.length > 0) return `no address any more: ${gone}\n${said()}`
  const lease = await systems().lease.read()
  if (lease?.holder !== undefined) return `the lease is left with ${lease.holder}\n${said()}`
  return told(ended)
}

/** Each with one that writes to something else, and each twice: the sixth after it has nothing to arrange that its own world does not bear. */
const pairs = everyProcedure.map((id, i): readonly [ProcedureId, ProcedureId] => [
  id,
  everyProcedure[(i + 5) % everyProcedure.length] ?? id,
])
/** Of each ten the first five with the last: everybody races once. */
const raced = pairs.filter((_, i) => full || i % 10 < 5)

test.for(raced)(
  `%s and %s by two operators over ${2 * delay} ms: one after the other, or one of them refused`,
  async ([one, other], { task }) => {
    const wrong = await race(await freshFor(one, other), 0)
    count(task.meta, {
      of: `${one}: raced by two operators over ${2 * delay} ms`,
      tried: 1,
      outOf: one === raced[0]?.[0] ? 1 + pairs.length - raced.length : 1,
      lost: wrong === undefined ? [] : [`${one} × ${other}: ${wrong}`],
    })
  },
)

test('F1: two drains of the last two nodes over a slow line leave every public name its address', async ({ task }) => {
  const lost: string[] = []
  const waits = [0, 250, 500]
  for (const apart of waits) {
    await freshFor()
    const { state } = sandbox().cloudflare
    state.records = state.records.filter(({ content }) => content !== nodes[2].address)
    const wrong = await race(
      [
        ['edge:drain', nodes[0].alias, '--within', '5s'],
        ['edge:drain', nodes[1].alias, '--within', '5s'],
      ],
      apart,
    )
    if (wrong !== undefined) lost.push(`${apart} ms apart: ${wrong}`)
  }
  count(task.meta, { of: 'edge:drain: raced by two operators over 160 ms', tried: waits.length, lost })
})
