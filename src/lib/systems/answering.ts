import { connect } from 'node:net'
import { atMost, type Clock } from '../clock.ts'
import type { Environment } from '../environment/schema.ts'
import { reasonOf } from '../errors.ts'
import { resolveAlias } from './nodes/resolve.ts'
import { openSystems } from './open.ts'
import type { Name, Systems } from './systems.ts'
import { cloudflareToken } from './token.ts'

/** Whether a system answers at this moment, and if not, why; without a reason it has said nothing yet, and may be slow or away. */
export type Answers = { readonly ok: true } | { readonly ok: false; readonly because?: string }

/** What is known by now; what is still asked, or is not asked, is not in it. */
interface Answering {
  readonly known: () => ReadonlyMap<Name, Answers>
  /** When all have been heard or have had their time. */
  readonly heard: Promise<void>
  readonly close: () => void
}

/** Who has not answered by then is told as silent, until it answers after all. */
const patience = 900

/** Reached through the cluster, or by a password that it has: none of them answers where it does not. */
const behind: readonly Name[] = ['redis', 'postgres', 'registry', 'mail', 'storage']

/**
 * Asks what of an environment answers, each once. Asked is what wakes nobody and prompts for nothing: no login to a node, whose key may want a
 * touch, no program that gives a token, and no PostgreSQL, whose compute would start.
 */
export const beginAnswering = (environment: Environment, clock: Clock): Answering => {
  const ended = new AbortController()
  const systems = openSystems(environment, clock, ended.signal)
  const known = new Map<Name, Answers>()
  const note = (name: Name, answers: Answers) => void (ended.signal.aborted || known.set(name, answers))
  const hear = async (name: Name, work: Promise<string | undefined>) => {
    const end = work
      .then(
        (because) => because,
        (error: unknown) => reasonOf(error),
      )
      .then((because) => note(name, because === undefined ? { ok: true } : { ok: false, because }))
    await atMost(clock, patience, end)
    if (!known.has(name)) note(name, { ok: false })
  }
  const asked = Object.entries(questions(environment, systems)).map(([name, work]) => hear(name as Name, work))
  const withCluster = () => {
    const kube = known.get('kube')
    return kube?.ok === false ? new Map([...known, ...behind.map((name) => [name, kube] as const)]) : known
  }
  return {
    known: withCluster,
    heard: Promise.all(asked).then(() => {}),
    close: () => {
      ended.abort()
      void systems.close()
    },
  }
}

/** Each comes to undefined where the system answers, or to the reason why it does not; or fails with it. */
const questions = (
  { namespace, database, cloudflare, nodes, ssh }: Environment,
  systems: Systems,
): Readonly<Partial<Record<Name, Promise<string | undefined>>>> => ({
  kube: systems.kube.read.configMap(namespace, database.configMap).then(nothing),
  redis: systems.redis.read.info().then(nothing),
  neon: systems.neon.read.lacking(),
  ...(cloudflare.token_command === undefined && {
    cloudflare: process.env[cloudflareToken.variable] ? systems.cloudflare.read.zone().then(nothing) : noToken(),
  }),
  nodes: Promise.any(nodes.map(({ alias }) => listens(alias, ssh.config))).then(nothing, () => 'no node takes a connection for SSH'),
})

const nothing = () => undefined

const noToken = async () => `${cloudflareToken.variable} is not set, and the configuration has no token_command`

/** Whether somebody listens where the alias leads; behind a jump host or another program that is not seen from here. */
const listens = async (alias: string, configFile: string | undefined): Promise<void> => {
  const { hostname, port, proxyJump, proxyCommand } = await resolveAlias(alias, configFile === undefined ? {} : { configFile })
  if (proxyJump !== undefined || proxyCommand !== undefined) return
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ host: hostname, port, timeout: patience })
    const end = (done: () => void) => () => {
      socket.destroy()
      done()
    }
    socket.once('connect', end(resolve))
    socket.once('error', end(reject as () => void))
    socket.once(
      'timeout',
      end(() => reject(new Error('no answer'))),
    )
  })
}
