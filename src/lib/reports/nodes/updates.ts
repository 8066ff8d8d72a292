import { age } from '../../age.ts'
import { counted, few } from '../../counted.ts'
import { reasonOf } from '../../errors.ts'
import { type Answer, answer } from '../../facts/answer.ts'
import { nodeNamed } from '../../facts/nodes/named.ts'
import { silentNode } from '../../facts/nodes/silent.ts'
import { ofSecurity, oldLists } from '../../facts/nodes/updates.ts'
import { asRootOn, onNode } from '../../node-lines.ts'
import { optionalArgument } from '../../plan/choice.ts'
import { defineReport, type Observation, type Table, worstFirst } from '../../plan/report.ts'
import { sh } from '../../shell.ts'
import type { NodeUpdates, PendingPackage } from '../../systems/nodes/updates.ts'

const day = 86_400
/** unattended-upgrades runs once a day. */
const oldRun = 3 * day
/** Packages by name in a finding; rows of their table, where those of security are not more. */
const [named, shown] = [3, 12]

/** What every node would install, over SSH alone and without root: nothing is fetched and nothing locked. */
export const nodesUpdates = defineReport({
  id: 'nodes:updates',
  title: 'Show which packages of the nodes have updates, security first, and what waits for a reboot',
  needs: ['nodes'],
  choices: { node: optionalArgument({ about: 'alias of the node, as nodes:status shows it; without one, all of them' }) },
  look: async ({ node }, look, { environment }) => {
    const chosen = node === undefined ? environment.nodes : [nodeNamed(environment, node)]
    const found = new Map(await Promise.all(chosen.map(async ({ alias }) => [alias, await answer(look.nodes.updates(alias))] as const)))
    const findings = [...found].flatMap(([alias, one]) => (one.answered ? ofNode(alias, one.value) : [silentNode(alias, one.error)]))
    const packages = packagesOf(found)
    return {
      findings: worstFirst(findings),
      tables: [summary(found), ...(packages.rows.length > 0 ? [packages] : [])],
      notes: ['What is pending is as old as the lists of packages'],
      unreachable: [...found.values()].every(({ answered }) => !answered),
      data: {
        nodes: [...found].map(([alias, one]) =>
          one.answered
            ? { alias, answered: true as const, ...one.value }
            : { alias, answered: false as const, reason: reasonOf(one.error) },
        ),
      },
    }
  },
})

const ofNode = (alias: string, found: NodeUpdates): readonly Observation[] => [
  ...halfDone(alias, found),
  ...unknown(alias, found),
  ...security(alias, found),
  ...(found.rebootRequired
    ? [
        warning(
          `${alias} waits for a reboot${found.rebootFor.length > 0 ? `, of ${few(found.rebootFor, named)}` : ''}`,
          sh`honeydue nodes:reboot ${alias} --dry-run`,
        ),
      ]
    : []),
  ...automatic(alias, found),
]

const halfDone = (alias: string, found: NodeUpdates): readonly Observation[] =>
  found.halfDone === undefined
    ? []
    : [
        {
          level: 'wrong',
          text: `dpkg of ${alias} has not ended what it began: ${found.halfDone}`,
          next: asRootOn(alias, sh`dpkg --configure -a`),
        },
      ]

const warning = (text: string, next: string): Observation => ({ level: 'warning', text, next })

const unknown = (alias: string, { refused, listsAgeSeconds }: NodeUpdates): readonly Observation[] => {
  if (refused !== undefined) return [warning(`What is pending on ${alias} is not known: ${refused}`, onNode(alias, sh`apt-get -s upgrade`))]
  if (listsAgeSeconds === undefined || listsAgeSeconds <= oldLists) return []
  return [
    warning(
      `${alias} last fetched its lists of packages ${age(listsAgeSeconds)} ago: newer updates are not known`,
      asRootOn(alias, sh`apt-get update`),
    ),
  ]
}

/** Wrong where nobody brings them in: with unattended-upgrades they come by themselves within a day. */
const security = (alias: string, { packages = [], unattended }: NodeUpdates): readonly Observation[] => {
  const pending = ofSecurity(packages)
  if (pending.length === 0) return []
  const text = `${counted(pending.length, 'security update is', 'security updates are')} pending on ${alias}: ${few(
    pending.map(({ name }) => name),
    named,
  )}`
  return [{ level: unattended ? 'warning' : 'wrong', text, next: sh`honeydue nodes:update ${alias} --dry-run` }]
}

const automatic = (alias: string, { unattended, ranAgeSeconds }: NodeUpdates): readonly Observation[] => {
  if (unattended === undefined) return []
  if (!unattended)
    return [
      warning(
        `unattended-upgrades is off on ${alias}: security updates wait for somebody`,
        asRootOn(alias, sh`dpkg-reconfigure -f noninteractive unattended-upgrades`),
      ),
    ]
  if (ranAgeSeconds === undefined || ranAgeSeconds <= oldRun) return []
  return [
    warning(
      `unattended-upgrades last ran ${age(ranAgeSeconds)} ago on ${alias}`,
      onNode(alias, sh`systemctl status apt-daily-upgrade.timer`),
    ),
  ]
}

const ago = (seconds: number | undefined): string => (seconds === undefined ? '?' : `${age(seconds)} ago`)

const summary = (nodes: ReadonlyMap<string, Answer<NodeUpdates>>): Table => ({
  columns: ['node', 'security', 'others', 'lists', 'unattended', 'reboot'],
  rows: [...nodes].map(([alias, one]) => {
    if (!one.answered) return [alias, '?', '?', '?', '?', '?']
    const { packages, listsAgeSeconds, unattended, ranAgeSeconds, rebootRequired } = one.value
    const pending = packages && ofSecurity(packages).length
    return [
      alias,
      pending === undefined ? '?' : String(pending),
      pending === undefined ? '?' : String((packages?.length ?? 0) - pending),
      ago(listsAgeSeconds),
      unattended === undefined ? '?' : unattended ? ago(ranAgeSeconds) : 'off',
      rebootRequired ? 'yes' : 'no',
    ]
  }),
})

/** One row a package, those of security first. How many there are stands in the table before it, all of them in the JSON document. */
const packagesOf = (nodes: ReadonlyMap<string, Answer<NodeUpdates>>): Table => ({
  columns: ['package', 'from', 'to', 'security', 'nodes'],
  rows: limited(merged(nodes)).map(({ name, from, to, security: safe, on }) => [name, from ?? 'new', to, safe ? 'yes' : '', on.join(', ')]),
})

type Merged = PendingPackage & { readonly on: readonly string[] }

const merged = (nodes: ReadonlyMap<string, Answer<NodeUpdates>>): readonly Merged[] => {
  const all = new Map<string, Merged>()
  for (const [alias, one] of nodes)
    for (const each of one.answered ? (one.value.packages ?? []) : []) {
      const key = JSON.stringify([each.name, each.from, each.to])
      all.set(key, { ...each, on: [...(all.get(key)?.on ?? []), alias] })
    }
  return [...all.values()].sort((a, b) => Number(b.security) - Number(a.security) || (a.name < b.name ? -1 : 1))
}

const limited = (packages: readonly Merged[]): readonly Merged[] => packages.slice(0, Math.max(shown, ofSecurity(packages).length))
