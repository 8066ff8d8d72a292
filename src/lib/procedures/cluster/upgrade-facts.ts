import { minutes } from '../../clock.ts'
import { removedIn } from '../../facts/cluster/upgrade.ts'
import { type Told, told } from '../../facts/edge/survey.ts'
import { k3sFileFor } from '../../k3s.ts'
import { type K3sVersion, k3sVersionOf } from '../../k3s-version.ts'
import type { Context } from '../../plan/context.ts'
import type { DeprecatedApi } from '../../systems/kube/deprecated.ts'
import type { K3sInstalled, K3sRelease } from '../../systems/nodes/k3s-release.ts'
import type { Readers } from '../../systems/systems.ts'
import { gatherOne, isThrough, type RebootFacts } from '../nodes/reboot-facts.ts'
import type { Server } from './snapshot-steps.ts'

export type Needs = 'kube' | 'cloudflare' | 'nodes' | 'http'

/** One server of the cluster, and how it would get the release. */
export interface ServerFacts extends RebootFacts {
  readonly upgrade: { readonly to: string; readonly installed: Told<K3sInstalled> }
  readonly from: string
  readonly isServer: boolean
  readonly architecture: string
  /** Undefined where the release has no file for it. */
  readonly release: Told<K3sRelease> | undefined
}

export interface UpgradeFacts {
  readonly to: K3sVersion
  /** In the order in which they are upgraded: what was begun is ended first. */
  readonly servers: readonly ServerFacts[]
  /** Where one is saved before; none where nothing is to be done. */
  readonly snapshots: readonly Server[]
  /** What somebody has asked for, and the release does not have; undefined where it is of the same minor release. */
  readonly removed: Told<readonly DeprecatedApi[]> | undefined
}

interface UpgradeInput {
  readonly to: string
  readonly within: number
}

/** A run that was stopped goes on with the snapshots of its beginning. */
const [young, ofThisUpgrade] = [minutes(60), minutes(30 * 24 * 60)]

export const gatherUpgrade = async (
  { to: wanted, within }: UpgradeInput,
  look: Readers<Needs>,
  context: Pick<Context, 'environment' | 'clock'>,
): Promise<UpgradeFacts> => {
  const { nodes } = context.environment
  const aliases = nodes.map(({ alias }) => alias)
  const to = k3sVersionOf(wanted) ?? { text: wanted, major: 0, minor: 0, patch: 0, build: 0 }
  const found = await Promise.all(aliases.map((alias) => serverFacts(alias, aliases, to.text, within, look, context)))
  const servers = found.map((one) => fromBefore(one, found)).sort((one, other) => Number(other.begun) - Number(one.begun))
  if (servers.every((one) => isThrough(one))) return { to, servers, snapshots: [], removed: undefined }
  const anotherMinor = servers.some(({ from }) => k3sVersionOf(from)?.minor !== to.minor)
  const [etcd, removed] = await Promise.all([
    Promise.all(nodes.map(async (node) => ({ node, found: await told(look.nodes.etcd(node.alias)) }))),
    anotherMinor ? told(look.kube.requestedDeprecated().then((asked) => removedIn(asked, to))) : undefined,
  ])
  const youngerThan = servers.some((one) => isThrough(one)) ? ofThisUpgrade : young
  const since = new Date(context.clock.now().getTime() - youngerThan)
  const prefix = snapshotName(to)
  return {
    to,
    servers,
    snapshots: etcd.flatMap(({ node, found: one }) => ('value' in one ? [{ node, etcd: one.value, prefix, since, youngerThan }] : [])),
    removed,
  }
}

/** What was fetched for it before is good where another server runs just that: the place of releases may be away by now. */
const fromBefore = (server: ServerFacts, all: readonly ServerFacts[]): ServerFacts => {
  const fetchedBy = ({ upgrade: { installed } }: ServerFacts) => ('value' in installed ? installed.value.fetchedSha256 : undefined)
  const sha256 = fetchedBy(server)
  const { release } = server
  const isAway = release !== undefined && 'value' in release && 'because' in release.value
  if (!isAway || sha256 === undefined || !all.some((one) => isThrough(one) && fetchedBy(one) === sha256)) return server
  return { ...server, release: { value: { url: release.value.url, sha256 } } }
}

/** k3s takes small letters, digits and dashes. */
export const snapshotName = ({ text }: K3sVersion): string => `before-${text.replaceAll(/[.+]/g, '-')}`

const serverFacts = async (
  alias: string,
  aliases: readonly string[],
  to: string,
  within: number,
  look: Readers<Needs>,
  context: Pick<Context, 'environment' | 'clock'>,
): Promise<ServerFacts> => {
  const [facts, installed] = await Promise.all([
    gatherOne(alias, aliases, { within, 'older-than': 0 }, look, context),
    told(look.nodes.k3sInstalled(alias, to)),
  ])
  const { status, metadata } = facts.drain.world.node
  const { kubeletVersion, architecture = '' } = status.nodeInfo
  const { former, begun } = facts
  const own = { ...facts, upgrade: { to, installed }, former: begun ? former : { ...former, upgrade: to } }
  const file = k3sFileFor(context.environment.k3s.releases, to, architecture)
  return {
    ...own,
    from: kubeletVersion,
    isServer: metadata.labels?.['node-role.kubernetes.io/etcd'] !== undefined,
    architecture,
    // What is at its end needs nothing any more.
    release: isThrough(own) || file === undefined ? undefined : await told(look.nodes.k3sRelease(alias, file)),
  }
}
