import { atMost, type Duration, seconds } from '../../clock.ts'
import { Unreachable } from '../../errors.ts'
import { type Answer, answer } from '../../facts/answer.ts'
import { surveyCertificate } from '../../facts/cert/survey.ts'
import { gatherMigrations } from '../../facts/db/gather-migrations.ts'
import { surveyEdge } from '../../facts/edge/survey.ts'
import { surveyFirewalls } from '../../facts/firewall/survey.ts'
import { readApiNodes } from '../../facts/nodes/api-nodes.ts'
import { surveyNodes } from '../../facts/nodes/survey.ts'
import type { Context } from '../../plan/context.ts'
import type { Readers } from '../../systems/systems.ts'
import { gatherCacheStatus } from '../cache/gather.ts'
import { gatherClusterHealth } from '../cluster/gather.ts'
import { gatherDatabaseStatus } from '../db/gather-status.ts'
import { gatherDeployStatus } from '../deploy/gather.ts'

export const needs = ['cloudflare', 'http', 'nodes', 'kube', 'postgres', 'redis', 'checkout', 'registry', 'neon'] as const

/** What takes longer counts as not known: whoever waits for a diagnosis is in trouble. */
const patience: Duration = 9_300

/** The keys of Redis that are counted: what is wrong with it shows without them. */
const fewKeys = { keys: 1000, time: seconds(1) }

/** All hops, asked at once; each in finite time. */
export const lookAtAll = async (look: Readers<(typeof needs)[number]>, context: Context) => {
  const { environment, clock } = context
  const within = <T>(work: Promise<T>): Promise<Answer<T>> =>
    atMost(clock, patience, answer(work)).then((found) => found ?? { answered: false as const, error: late() })
  const [edge, certificate, firewall, nodes, cluster, deployed, database, migrations, cache, jobs] = await Promise.all([
    within(surveyEdge(environment, look, clock.now)),
    within(surveyCertificate(environment, look)),
    within(surveyFirewalls(environment, look)),
    within(surveyNodes(environment.nodes, look.nodes, () => readApiNodes(look.kube))),
    within(gatherClusterHealth(look, context)),
    within(gatherDeployStatus(look, environment)),
    within(gatherDatabaseStatus(look, context)),
    within(gatherMigrations(look, environment.namespace)),
    within(gatherCacheStatus(look.redis, clock, fewKeys)),
    within(look.redis.jobs(1000)),
  ])
  return {
    edge,
    certificate,
    firewall,
    nodes,
    cluster,
    deployed,
    database,
    migrations,
    cache,
    jobs,
    environment,
    now: clock.now(),
  }
}

const late = () => new Unreachable({ code: 'late', failed: `No answer within ${patience / 1000} s` })

/** What was seen, or why it was not. */
export type Seen = Awaited<ReturnType<typeof lookAtAll>>
