import { expect, test } from 'vitest'
import { askedOnce } from '../../src/lib/plan/asked-once.ts'
import { reportReadersOf } from '../../src/lib/plan/plan.ts'
import { useSystems } from '../support/systems-of.ts'
import { useSandbox } from '../support/worlds.ts'

test('within one look a question is asked once by its words, what failed again, and what is not named each time', async () => {
  const asked: string[] = []
  let works = false
  const reader = {
    node: async (name: string, more?: { readonly all: boolean }) => asked.push(`${name}${more?.all ? ' whole' : ''}`),
    sick: async () => {
      asked.push('sick')
      if (!works) throw new Error('not now')
      return 'well'
    },
    stream: async () => asked.push('stream'),
  }
  const look = askedOnce(reader, ['node', 'sick'])
  expect(await Promise.all([look.node('a'), look.node('a'), look.node('b'), look.node('a', { all: true })])).toEqual([1, 1, 2, 3])
  await expect(Promise.all([look.sick(), look.sick()])).rejects.toThrow('not now')
  works = true
  expect([await look.sick(), await look.sick()]).toEqual(['well', 'well'])
  await Promise.all([look.stream(), look.stream()])
  await askedOnce(reader, ['node']).node('a')
  expect(asked).toEqual(['a', 'b', 'a whole', 'sick', 'sick', 'stream', 'stream', 'a'])
})

const sandbox = useSandbox({ postgres: false })
const { systems } = useSystems(sandbox)

test('the look of a report at the cluster, the zone or the nodes reads the same thing once; the next look reads anew', async () => {
  const look = reportReadersOf(systems(), ['kube', 'cloudflare', 'nodes'])
  const next = reportReadersOf(systems(), ['kube', 'cloudflare', 'nodes'])
  const questions = [
    ({ kube }: typeof look) => kube.pods({ namespace: 'honeydue' }),
    ({ kube }: typeof look) => kube.configMap('honeydue', 'honeydue-config'),
    ({ cloudflare }: typeof look) => cloudflare.settings(),
    ({ nodes }: typeof look) => nodes.facts('hetzner1'),
  ]
  for (const ask of questions) {
    const [first, again, later] = [ask(look), ask(look), ask(next)]
    expect(again).toBe(first)
    expect(later).not.toBe(first)
    await Promise.all([first, later])
  }
})
