import { counted } from '../../counted.ts'
import type { Environment } from '../../environment/schema.ts'
import { reasonOf, Trouble } from '../../errors.ts'
import { codeOf } from '../../facts/answer.ts'
import { clipped } from '../../facts/cluster/clipped.ts'
import { type CostSurvey, type PaidNode, surveyCost } from '../../facts/cost/survey.ts'
import { bytes } from '../../facts/nodes/quantities.ts'
import { defineReport, type Observation, worstFirst } from '../../plan/report.ts'

/** One line of what is paid for. `price`: of all of it, a month; undefined where nobody said one. */
interface Row {
  readonly what: string
  readonly amount: string
  readonly each: number | undefined
  readonly price: number | undefined
}

/** What is there to be paid for, and what it costs by the prices that the configuration has: none is built in. */
export const costStatus = defineReport({
  id: 'cost:status',
  title: 'Show what is paid for, and how full it is',
  needs: ['kube', 'storage'],
  choices: {},
  look: async (_, look, { environment, clock }) => {
    const survey = await surveyCost(look, clock)
    const rows = rowsOf(survey, environment)
    const [known, sum] = [rows.every(({ price }) => price !== undefined), rows.reduce((all, { price = 0 }) => all + price, 0)]
    const whole = known && survey.nodes.answered && survey.storage?.answered === true
    return {
      findings: worstFirst(findingsOf(survey, environment)),
      tables: [costTable(rows, environment.cost.currency ?? ''), fullTable(survey)],
      notes: [
        rows.every(({ price }) => price === undefined)
          ? 'No price is in the configuration (cost.…), and none is built in: chapter 18 was not found'
          : `${whole ? 'In all' : 'At least'} ${money(sum, environment.cost.currency ?? '')} a month, by the prices of the configuration`,
        'Not read: traffic, what Neon computes, and versions of objects that are hidden; the bills have them',
        'Chapter 18 names a trigger for larger nodes (CX32); at which load, no source says',
      ],
      unreachable: !survey.nodes.answered && survey.storage?.answered !== true,
      data: dataOf(survey, rows, environment, whole ? sum : undefined),
    }
  },
})

const byType = (nodes: readonly PaidNode[]): ReadonlyMap<string | undefined, number> => {
  const types = new Map<string | undefined, number>()
  for (const { type } of nodes) types.set(type, (types.get(type) ?? 0) + 1)
  return types
}

const rowsOf = ({ nodes, storage }: CostSurvey, { cost, storage: { bucket } }: Environment): readonly Row[] => {
  const ofNodes = nodes.answered
    ? [...byType(nodes.value)].map(([type, count]): Row => {
        const each = (type === undefined ? undefined : cost.nodes?.[type]) ?? cost.nodes?.['any']
        return { what: type ?? 'nodes', amount: counted(count, 'node'), each, price: each === undefined ? undefined : each * count }
      })
    : []
  const used = storage?.answered && storage.value !== 'too slow' ? storage.value : undefined
  const ofStorage: readonly Row[] =
    used === undefined
      ? []
      : [
          {
            what: bucket,
            amount: `${used.more ? 'more than ' : ''}${bytes(used.bytes)} in ${counted(used.objects, 'object')}`,
            each: cost.storage_gb,
            price: cost.storage_gb === undefined ? undefined : (cost.storage_gb * used.bytes) / 1e9,
          },
        ]
  const fixed = Object.entries(cost.fixed ?? {}).map(([what, price]): Row => ({ what, amount: '', each: undefined, price }))
  return [...ofNodes, ...ofStorage, ...fixed]
}

const money = (value: number, currency: string): string => `${value.toFixed(2)}${currency && ` ${currency}`}`

const costTable = (rows: readonly Row[], currency: string) => ({
  title: 'Paid for, a month',
  columns: ['', 'how much', 'each', 'a month'],
  rows: rows.map(({ what, amount, each, price }) => [
    clipped(what, 24),
    amount,
    each === undefined ? '' : money(each, currency),
    price === undefined ? '?' : money(price, currency),
  ]),
})

const percent = (share: number): string => `${Math.round(share * 100)} %`

const fullTable = ({ nodes }: CostSurvey) => ({
  title: 'How full the nodes are, by what pods request',
  columns: ['node', 'CPU', 'memory'],
  rows: nodes.answered ? nodes.value.map(({ name, cpu, memory }) => [name, percent(cpu), percent(memory)]) : [],
})

/** What one node of them holds would not find room on the others. */
const full = 0.85

const findingsOf = (survey: CostSurvey, { cost, nodes: known }: Environment): readonly Observation[] => {
  const { nodes, storage, lacking } = survey
  const away = [nodes, ...(storage ? [storage] : [])].flatMap((one): readonly Observation[] =>
    one.answered
      ? []
      : [
          {
            level: 'wrong',
            text: reasonOf(one.error),
            ...(one.error instanceof Trouble && one.error.next !== undefined && { next: one.error.next }),
          },
        ],
  )
  const found = nodes.answered ? nodes.value : []
  const priceless =
    cost.nodes === undefined
      ? []
      : [...byType(found).keys()].filter((type) => cost.nodes?.[type ?? 'any'] === undefined && cost.nodes?.['any'] === undefined)
  return [
    ...away,
    ...(storage?.answered && storage.value === 'too slow'
      ? [
          {
            level: 'warning' as const,
            text: 'How much is stored was not counted in 8 s: there are many objects, or the storage is slow',
            next: 'honeydue storage:status',
          },
        ]
      : []),
    ...(nodes.answered && found.length !== known.length
      ? [
          {
            level: 'warning' as const,
            text: `The cluster has ${counted(found.length, 'node')}, and the configuration ${known.length}: what is not in the cluster may still be paid for`,
            next: 'honeydue nodes:status',
          },
        ]
      : []),
    ...priceless.map((type) => ({
      level: 'warning' as const,
      text: `cost.nodes has no price of ${type ?? 'a node without a type (any)'}`,
      next: 'honeydue config:explain',
    })),
    ...found
      .filter(({ cpu, memory }) => cpu > full || memory > full)
      .map(({ name, cpu, memory }) => ({
        level: 'warning' as const,
        text: `${name} is full by what its pods request: ${percent(cpu)} of CPU, ${percent(memory)} of memory`,
        next: 'honeydue nodes:status',
      })),
    ...(lacking === undefined
      ? []
      : [{ level: 'warning' as const, text: `How much is stored was not asked: ${lacking}`, next: 'honeydue config:explain' }]),
  ]
}

const dataOf = ({ nodes, storage, lacking }: CostSurvey, rows: readonly Row[], { cost }: Environment, sum: number | undefined) => ({
  currency: cost.currency ?? null,
  month: sum ?? null,
  rows: rows.map(({ what, amount, each, price }) => ({ what, amount, each: each ?? null, month: price ?? null })),
  nodes: nodes.answered
    ? nodes.value.map((node) => ({ ...node, type: node.type ?? null }))
    : { error: reasonOf(nodes.error), code: codeOf(nodes) },
  storage: storage === undefined ? null : storage.answered ? storage.value : { error: reasonOf(storage.error), code: codeOf(storage) },
  lacking: lacking ?? null,
})
