import { minutes } from '../../clock.ts'
import { directTarget } from '../../facts/db/direct-target.ts'
import { isFresh, readRestorePoints, restorePoints } from '../../facts/db/restore-points.ts'
import type { Context } from '../../plan/context.ts'
import { type Finding, fails, holds, when } from '../../plan/finding.ts'
import { type Change, defineProcedure, type Gate, type Proof } from '../../plan/procedure.ts'
import type { Readers } from '../../systems/systems.ts'

type Needs = 'neon' | 'postgres'

/** Keeps the database as it is now in a branch at Neon, which nothing writes to. It never touches the live branch. */
export const restorePoint = defineProcedure({
  id: 'db:restore-point',
  title: 'Keep the database as it is now, as a way back',
  needs: ['neon', 'postgres'],
  choices: {},
  risk: () => 'routine',
  gather: (_, look, context) => gather(look, context),
  subject: ({ database }) => database,
  target: ({ version, parent }) => [`version ${version}`, ...(parent === undefined ? [] : [`branch ${parent} at Neon`])],
  beyond: ({ fresh, version, lacking }) => [
    ...(fresh ? [`${fresh.name} is of version ${version} and of the last hour: what was written since is not in it`] : []),
    lacking === undefined
      ? 'It has no compute, and costs what changes after it: it stays until somebody deletes it'
      : 'A compute that the console gives it costs while it runs, and the branch costs what changes after it, until somebody deletes it',
  ],
  steps: (facts) => [facts.lacking !== undefined ? byHand(facts, facts.lacking) : facts.fresh ? isReady(facts) : make(facts)],
})

const gather = async ({ neon, postgres }: Readers<Needs>, { clock }: Context) => {
  const [target, lacking] = await Promise.all([directTarget(postgres), neon.lacking()])
  const { host, database } = target
  const versions = await postgres.versions(target)
  const version = versions.applied.at(-1)?.version ?? 0n
  const facts = { host, database, version, lacking, now: () => clock.now(), parent: undefined, known: [], fresh: undefined }
  if (lacking !== undefined) return facts
  const { parent, points: all } = await readRestorePoints(neon, host)
  const points = all.filter((one) => one.version === version)
  const fresh = points.find((one) => isFresh(one, clock.now()))
  return { ...facts, parent, known: points.map(({ id }) => id), fresh }
}

type Facts = {
  readonly host: string
  readonly database: string
  readonly version: bigint
  /** Why Neon's API cannot be asked. */
  readonly lacking: string | undefined
  readonly now: () => Date
  /** The branch that the database is. */
  readonly parent: string | undefined
  /** Restore points of this version that are there already. */
  readonly known: readonly string[]
  readonly fresh: { readonly name: string } | undefined
}

/** The restore points of this version that count: of the last hour, or made since the facts were gathered. */
const counting = async ({ parent, version, known, now }: Facts, { neon }: Readers<Needs>) =>
  restorePoints(await neon.branches(), parent ?? '').filter(
    (one) => one.version === version && (!known.includes(one.id) || isFresh(one, now())),
  )

const ready = async (facts: Facts, look: Readers<Needs>): Promise<Finding> => {
  const [point, ...more] = await counting(facts, look)
  if (point === undefined) return fails(`there is no restore point of version ${facts.version} of the last hour`)
  return [point, ...more].some(({ state }) => state === 'ready') ? holds : fails(`${point.name} is ${point.state}`)
}

const within = minutes(2)

const isReady = (facts: Facts): Proof<Needs> => ({
  title: `The restore point of version ${facts.version} is ready`,
  onlyAfterwards: true,
  holds: (look) => ready(facts, look),
  within,
  shows: (prove) => prove.neon.ready(within),
})

const make = (facts: Facts): Change<Needs> => {
  const { version, parent, host, known } = facts
  return {
    title: `Make a restore point of version ${version}`,
    effect: [{ what: `branch before-…-v${version} at Neon`, before: 'none of the last hour', after: 'ready, with the data of now' }],
    // Of another project it would be a way back to other data.
    check: async () =>
      when(
        parent !== undefined,
        `the project at Neon has no compute ${host.split('.')[0]}: it is not the database's`,
        'honeydue config:explain',
      ),
    apply: (write) => write.neon.markVersion({ parent: parent ?? '', version }),
    verify: (look) => ready(facts, look),
    within,
    shows: (prove) => prove.neon.ready(within),
    undo: async (write, look) => {
      const made = restorePoints(await look.neon.branches(), parent ?? '').filter((one) => one.version === version)
      for (const { id, name } of made) if (!known.includes(id)) await write.neon.deleteMark({ id, name })
    },
  }
}

const byHand = ({ host, version }: Facts, lacking: string): Gate<Needs> => ({
  title: `Make a restore point of version ${version} in Neon's console`,
  ask: `Its API cannot be asked: ${lacking}. In https://console.neon.tech open the project, Branches, Create branch. Parent: the branch whose compute is ${host.split('.')[0]} ("production" by Neon's default); data: current; name: before-YYYYMMDD-HHMM-v${version}, with the time in UTC. Is it listed there?`,
})
