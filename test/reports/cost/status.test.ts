import { expect, test } from 'vitest'
import { paint } from '../../../src/lib/cli/render.ts'
import { renderTables, renderView } from '../../../src/lib/cli/render-view.ts'
import type { Environment } from '../../../src/lib/environment/schema.ts'
import { readersOf } from '../../../src/lib/plan/plan.ts'
import { costStatus } from '../../../src/lib/reports/cost/status.ts'
import { nodes } from '../../../src/lib/sandbox/deployment/facts.ts'
import { plantedValues } from '../../../src/lib/sandbox/deployment/planted.ts'
import { contextOf } from '../../support/context.ts'
import { useSystems } from '../../support/systems-of.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox({ postgres: false })
const { systems } = useSystems(sandbox)

const look = (cost: Environment['cost'] = {}, more: Environment['nodes'] = []) => {
  const { environment } = sandbox()
  return costStatus.look(
    {},
    readersOf(systems(), costStatus.needs),
    contextOf({ ...environment, cost, nodes: [...environment.nodes, ...more] }),
  )
}
const stored = (count: number, size: number) => {
  for (let i = 0; i < count; i++)
    sandbox().storage.objects.set(`uploads/${i}`, { body: 'x'.repeat(size), version: String(i), modified: new Date() })
}
const labelled = (name: string, type: string) =>
  sandbox().kubernetes.client.update({ group: '', resource: 'nodes' }, name, undefined, (draft) => {
    const metadata = draft['metadata'] as { labels?: Record<string, string> }
    metadata.labels = { ...metadata.labels, 'node.kubernetes.io/instance-type': type }
  })

test('without a price it shows how much there is, and says that nobody named one', async () => {
  stored(1500, 1000)
  const view = await look()
  expect(view.findings).toEqual([])
  expect(view.tables[0]?.rows).toEqual([
    ['nodes', '3 nodes', '', '?'],
    ['honeyDueProd', '1.5 MB in 1500 objects', '', '?'],
  ])
  expect(view.tables[1]?.rows.map(([name]) => name)).toEqual(nodes.map(({ hostname }) => hostname).toSorted())
  expect(view.notes?.[0]).toBe('No price is in the configuration (cost.…), and none is built in: chapter 18 was not found')
  expect(view.data).toMatchObject({ month: null, currency: null, storage: { objects: 1500, bytes: 1_500_000, more: false } })
  expect(
    Math.max(
      ...renderTables(view, paint(false))
        .split('\n')
        .map((line) => line.length),
    ),
  ).toBeLessThanOrEqual(80)
  for (const secret of plantedValues) expect(renderView(view, paint(false)) + JSON.stringify(view.data)).not.toContain(secret)
})

test('with a price for all of it the sum is told; a type of its own has its own price, and k3s is none', async () => {
  const [one, other] = nodes
  labelled(one.hostname, 'k3s')
  labelled(other.hostname, 'cx33')
  stored(2, 500_000)
  const view = await look({ currency: 'USD', nodes: { cx33: 7.99, any: 6 }, storage_gb: 1000, fixed: { Database: 19 } })
  expect(view.findings).toEqual([])
  expect(view.tables[0]?.rows.toSorted()).toEqual([
    ['Database', '', '', '19.00 USD'],
    ['cx33', '1 node', '7.99 USD', '7.99 USD'],
    ['honeyDueProd', '1.0 MB in 2 objects', '1000.00 USD', '1.00 USD'],
    ['nodes', '2 nodes', '6.00 USD', '12.00 USD'],
  ])
  expect(view.notes?.[0]).toBe('In all 39.99 USD a month, by the prices of the configuration')
  expect((view.data as { month: number }).month).toBeCloseTo(39.99)
})

test('what has no price makes it at least so much, and a type without one is named', async () => {
  labelled(nodes[0].hostname, 'cx43')
  const view = await look({ nodes: { cx33: 7.99 }, fixed: { Database: 19 } })
  expect(view.findings.map(({ level, text }) => `${level}: ${text}`).toSorted()).toEqual([
    'warning: cost.nodes has no price of a node without a type (any)',
    'warning: cost.nodes has no price of cx43',
  ])
  expect(view.notes?.[0]).toBe('At least 19.00 a month, by the prices of the configuration')
})

test('a node that left the cluster may still be paid for; a storage that is away is said, and the nodes are told', async () => {
  sandbox().storage.trouble = 'reset'
  const view = await look({ nodes: { any: 6 }, storage_gb: 1 }, [{ alias: 'hetzner4', address: '192.0.2.4', hostname: 'away' }])
  expect(view.findings.map(({ level, text, next }) => `${level}: ${text} → ${next}`)).toEqual([
    expect.stringMatching(/^wrong: The storage s3\.us-east-005\.backblazeb2\.com does not answer/),
    expect.stringMatching(/^warning: The cluster has 3 nodes, and the configuration 4: .* → honeydue nodes:status$/),
  ])
  expect(view.notes?.[0]).toBe('At least 18.00 a month, by the prices of the configuration')
  expect(view.unreachable).toBe(false)
})
