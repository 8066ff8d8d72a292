import { Parser } from '@oclif/core'
import { argsOf, flagsOf, inputOf } from '../../src/lib/cli/flags.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { production } from '../../src/lib/environment/production.ts'
import type { Environment } from '../../src/lib/environment/schema.ts'
import { handLines, scriptOf } from '../../src/lib/plan/by-hand.ts'
import { type Plan, type PlannedStep, prepare } from '../../src/lib/plan/plan.ts'
import { scratchServer } from '../../src/lib/postgres-server/scratch.ts'
import type { AnyProcedure } from '../../src/lib/procedures/index.ts'
import type { Example, Page } from '../../src/lib/runbook/page.ts'
import type { Sandbox } from '../../src/lib/sandbox/sandbox.ts'
import { openSystems } from '../../src/lib/systems/open.ts'
import type { Systems } from '../../src/lib/systems/systems.ts'
import { between } from '../support/between.ts'
import { contextOf } from '../support/context.ts'
import { scratchServers, storageIn, type World, worlds } from '../support/worlds.ts'
import { type Names, named, namedInShell, variablesOf } from './logical-names.ts'

/** One example of a page, planned in the sandbox. */
interface Planned {
  readonly flags: string
  readonly names: Names
  readonly plan: Plan
}

/** The page's source with what stands between its marks made anew from the plans that the sandbox gives. */
export const generated = async (
  source: string,
  page: Page,
  procedure: AnyProcedure,
  sandbox: Sandbox,
  seen: (words: string, plan: Plan) => void = () => {},
): Promise<string> => {
  const planned: Planned[] = []
  for (const example of page.examples ?? []) planned.push(await planOf(example, procedure, sandbox))
  for (const { flags, plan } of planned) seen([page.command, flags].filter(Boolean).join(' '), plan)
  return between(
    between(source, 'plan', planned.map((one) => whatItDoes(one, page.command)).join('\n\n')),
    'by hand',
    byHand(planned, page, procedure),
  )
}

const planOf = async (
  { flags = '', world = 'healthy', with: given }: Example,
  procedure: AnyProcedure,
  sandbox: Sandbox,
): Promise<Planned> => {
  const arrange: World | undefined = worlds[world as keyof typeof worlds]
  if (!arrange) throw new Error(`test/support/worlds.ts has no world "${world}"`)
  await sandbox.reset()
  const environment = environmentIn(world, sandbox)
  const values: Names = { ...given, ...(await arrange(sandbox)) }
  const words = flags.split(' ').filter(Boolean)
  const argv = words.map((word) => word.replace(/\$([A-Z_]+)/g, (_, name: string) => values[name] ?? fail(`nothing gives ${name} a value`)))
  const typed = await Parser.parse(argv, { args: argsOf(procedure.choices), flags: flagsOf(procedure.choices), strict: true })
  const systems = openSystems(environment, systemClock, new AbortController().signal, async () =>
    scratchServer({ servers: scratchServers }),
  )
  try {
    const { plan } = await prepare(
      procedure,
      await inputOf(procedure.choices, { ...typed.flags, ...typed.args }, undefined),
      sayingAs(systems, {
        ...contextOf().environment,
        checkout: sandbox.environment.checkout,
        kubeconfig: [`${home}/.kube/honeydue-k3s.yaml`],
      }),
      // A page speaks of the deployment that its reader has.
      contextOf({ ...environment, name: 'production' }),
    )
    if (plan.blocked.length > 0) throw new Error(`blocked: ${plan.blocked.join('; ')}`)
    return { flags, names: { ...values, ...serverValues(plan), CHECKOUT: sandbox.environment.checkout, HOME: home }, plan }
  } finally {
    await systems.close()
  }
}

/** The sandbox's, with what this world names. */
const environmentIn = (world: string, { environment }: Sandbox): Environment => ({
  ...environment,
  storage: { ...environment.storage, ...storageIn[world] },
})

/** A reader's own. */
const home = '/nonexistent'

/** The same systems, whose shell lines are those of another environment: a page is for production. */
const sayingAs = (systems: Systems, environment: Environment): Systems => {
  const other = openSystems(environment, systemClock, new AbortController().signal)
  return Object.fromEntries(
    Object.entries(systems).map(([name, system]) => [
      name,
      { ...system, say: other[name as keyof Systems]?.say, prove: other[name as keyof Systems]?.prove },
    ]),
  ) as unknown as Systems
}

const fail = (because: string): never => {
  throw new Error(because)
}

const asks = ({ risk, confirm, steps }: Plan): string =>
  confirm === undefined
    ? 'asks nothing'
    : risk === 'irreversible' && !steps.some(({ type }) => type !== undefined)
      ? `asks for \`${confirm}\` to be typed`
      : 'asks y/N'

const whatItDoes = ({ flags, names, plan }: Planned, command: string): string => {
  const typed = ['honeydue', command, flags].filter(Boolean).join(' ')
  const text = [
    `\`${typed}\` ${asks(plan)}, and then:`,
    '',
    ...plan.steps.flatMap((step, i) => [`${i + 1}. ${headline(step)}`, ...consequences(step).map((line) => `   - ${line}`)]),
    ...listed('Known only by doing it:', plan.uncheckable),
    ...listed('Worth knowing:', plan.beyond),
  ].join('\n')
  return named(text, names)
}

const listed = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : ['', title, '', ...lines.map((line) => `- ${line}`)]

const headline = (step: PlannedStep): string => {
  if (step.kind === 'proof') return `Proves before and after: ${step.title}`
  if (step.kind === 'gate')
    return step.type === undefined ? `Asks you: ${step.title}` : `Asks for \`${step.type}\` to be typed: ${step.title}`
  return `${step.title} (${step.already ? 'already so here' : step.fidelity})`
}

const consequences = (step: PlannedStep): readonly string[] => [
  ...step.effect.map(({ what, before, after }) => `${what}: ${before} → ${after}`),
  ...(step.undo !== undefined && step.undo !== 'undo' && !step.already ? [`Cannot be undone: ${step.undo}`] : []),
]

/** Where an operator has it from, for variables that no flag gives. Values of production where the book has them. */
const fixed: Names = {
  CHECKOUT: production.checkout,
  JOB_UID: `$(kubectl -n ${production.namespace} get job honeydue-migrate -o jsonpath='{.metadata.uid}')`,
}

/** Of the Secret that is written. */
const versionOf = (secret: string): string =>
  `$(kubectl -n ${production.namespace} get secret ${secret} -o jsonpath='{.metadata.resourceVersion}')`

/** What the server gave the objects of this sandbox. */
const serverValues = ({ steps }: Plan): Names => {
  const said = steps.flatMap(({ manual }) => manual).join('\n')
  const found = {
    JOB_UID: /"uid":"([^"]+)"[^\n]*\/jobs\//.exec(said)?.[1],
    RESOURCE_VERSION: /"resourceVersion":"([^"]+)"/.exec(said)?.[1],
    TODAY: /"honeydue\.dev\/last-rotated":"(\d{4}-\d\d-\d\d)"/.exec(said)?.[1],
  }
  return Object.fromEntries(Object.entries(found).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}

/** Variables that every shell or the script itself has. */
const known = new Set([
  'HOME',
  'CLOUDFLARE_API_TOKEN',
  'NEON_API_KEY',
  'MAIL_PASSWORD',
  'REGISTRY_LOGIN',
  'STORAGE_KEY',
  'NEON_PROJECT',
  'POSTGRES_PASSWORD',
])

const byHand = (planned: readonly Planned[], page: Page, procedure: AnyProcedure): string =>
  planned
    .flatMap((one) => {
      const title = named(one.flags, one.names) || 'without flags'
      return [
        ...(planned.length > 1 ? [`With \`${title}\`:`.replace('With `without flags`', 'Without flags'), ''] : []),
        script(one, page, procedure),
      ]
    })
    .join('\n')
    .replaceAll(/^```\n(?=W)/gm, '```\n\n')

const script = ({ names, plan }: Planned, page: Page, procedure: AnyProcedure): string => {
  const lines = handLines(plan).map(({ kind, text }) => ({
    kind,
    text: (kind === 'note' ? named(text, names) : namedInShell(text, names)) as typeof text,
  }))
  const used = [...new Set(lines.filter(({ kind }) => kind !== 'note').flatMap(({ text }) => variablesOf(text)))].filter(
    (name) => !known.has(name),
  )
  const patched = /patch secret\/([\w-]+)/.exec(lines.map(({ text }) => text).join('\n'))?.[1]
  const sources = { ...fixed, ...(patched !== undefined && { RESOURCE_VERSION: versionOf(patched) }) } as Names
  const settings = used.map((name) =>
    sources[name] === undefined ? `${name}='…' # ${about(name, page, procedure)}` : `${name}=${sources[name]}`,
  )
  const [opening, ...rest] = scriptOf(lines)
  const [strict, trap, ...body] = rest
  // What kubectl is asked for is asked once it knows which cluster.
  const [asked, given] = [settings.filter((one) => one.includes('=$(')), settings.filter((one) => !one.includes('=$('))]
  const at = asked.length === 0 ? 0 : body.findIndex((one) => one.startsWith('export KUBECONFIG=')) + 1
  return ['```sh', opening, strict, trap, ...given, ...body.slice(0, at), ...asked, ...body.slice(at), '```'].join('\n')
}

const about = (name: string, page: Page, procedure: AnyProcedure): string => {
  const flag = (page.examples ?? []).flatMap(({ flags = '' }) => flags.match(new RegExp(`--([a-z-]+) \\$${name}\\b`))?.[1] ?? [])[0]
  return page.names?.[name] ?? procedure.choices[flag ?? '']?.about ?? fail(`the front matter's names do not say what ${name} is`)
}
