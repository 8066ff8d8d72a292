import { memberAt, surveyEtcd } from '../../facts/cluster/etcd.ts'
import { mayUpgrade } from '../../facts/cluster/upgrade.ts'
import { told } from '../../facts/edge/survey.ts'
import { nothingBeside } from '../../facts/nodes/before-reboot.ts'
import { bytes } from '../../facts/nodes/quantities.ts'
import { k3sProgramOf } from '../../k3s.ts'
import { asRootOn } from '../../node-lines.ts'
import { every, type Finding, fails, when } from '../../plan/finding.ts'
import type { Change, Gate, Proof } from '../../plan/procedure.ts'
import { sh } from '../../shell.ts'
import type { Readers } from '../../systems/systems.ts'
import { orSilent, through } from '../nodes/around-reboot.ts'
import { isThrough } from '../nodes/reboot-facts.ts'
import { bootPatience } from '../nodes/reboot-node.ts'
import { type Server, saveOn } from './snapshot-steps.ts'
import type { Needs, ServerFacts, UpgradeFacts } from './upgrade-facts.ts'

const aliasOf = ({ drain }: ServerFacts): string => drain.edge.node.alias

const mayBegin = (facts: UpgradeFacts, server: ServerFacts): Finding => {
  const { from, isServer, architecture, upgrade, release, beside } = server
  const { installed } = upgrade
  return every([
    mayUpgrade({ alias: aliasOf(server), from, to: facts.to, isServer, architecture, installed, release }),
    nothingBeside(beside),
  ])
}

/** Before any server is touched: what does not come, or is not what the release says, is known while all of them serve. */
export const fetchFor = (facts: UpgradeFacts, server: ServerFacts): Change<Needs> => {
  const { to } = facts
  const { release, upgrade } = server
  const alias = aliasOf(server)
  const found = release && 'value' in release && !('because' in release.value) ? release.value : undefined
  const before = 'value' in upgrade.installed ? upgrade.installed.value.fetchedSha256 : undefined
  const isThere = async (look: Readers<'nodes'>): Promise<Finding> => {
    if (found === undefined) return fails(`the checksum of ${to.text} for ${alias} is not known`)
    const installed = await told(look.nodes.k3sInstalled(alias, to.text))
    if ('because' in installed) return fails(`${alias} does not answer: ${installed.because}`, 'honeydue nodes:status')
    return when(installed.value.fetchedSha256 === found.sha256, `${alias} has not fetched ${to.text}`)
  }
  return {
    title: `Fetch k3s ${to.text} for ${alias}`,
    effect: [
      {
        what: `${k3sProgramOf(to.text)} on ${alias}`,
        before: before === undefined ? 'not there' : `there, sha256 ${before.slice(0, 12)}…`,
        after: found === undefined ? 'there' : `there, sha256 ${found.sha256.slice(0, 12)}…`,
        ...(found?.bytes !== undefined && { note: bytes(found.bytes) }),
      },
    ],
    check: async () => mayBegin(facts, server),
    apply: async (write) => {
      if (found !== undefined) await write.nodes.fetchK3s(alias, { url: found.url, version: to.text, sha256: found.sha256 })
    },
    verify: async (look) => {
      const there = await isThere(look)
      return there.ok ? there : orThrough(server, there, look)
    },
    shows: (prove) => prove.nodes.k3sFetched(alias, { version: to.text, sha256: found?.sha256 ?? '' }),
    undo: {
      last: async (write, look) => {
        if (before === undefined && !(await through(server, look)).ok) await write.nodes.dropK3s(alias, { version: to.text })
      },
    },
    undone: async (look) => {
      const { fetchedSha256 } = await look.nodes.k3sInstalled(alias, to.text)
      return before === fetchedSha256 ? when(true, '') : through(server, look)
    },
  }
}

const orThrough = async (server: ServerFacts, otherwise: Finding, look: Readers<Needs>): Promise<Finding> =>
  (await through(server, look)).ok ? when(true, '') : otherwise

/** Where one server has begun with the release it stays: it is the way back. */
export const snapshotOn = (facts: UpgradeFacts, snapshot: Server): Change<Needs> => {
  const step = saveOn(snapshot)
  const anyThrough = async (look: Readers<Needs>): Promise<boolean> =>
    (await Promise.all(facts.servers.map((server) => through(server, look)))).some(({ ok }) => ok)
  const { undo } = step
  return {
    ...step,
    undo: async (write, look, signal) => {
      if (typeof undo === 'function' && !(await anyThrough(look))) await undo(write, look, signal)
    },
    undone: async (look) => {
      const { snapshots } = await look.nodes.etcd(snapshot.node.alias)
      const known = new Set(snapshot.etcd.snapshots.map(({ name }) => name))
      const more = snapshots.filter(({ name }) => name.startsWith(`${snapshot.prefix}-`) && !known.has(name))
      return when(more.length === 0 || (await anyThrough(look)), `${more[0]?.name} is on ${snapshot.node.alias} still`)
    },
  }
}

/** Out of service, and what was fetched in its place. */
export const upgradeOn = (facts: UpgradeFacts, server: ServerFacts): Change<Needs> => {
  const { to } = facts
  const alias = aliasOf(server)
  return {
    title: `Upgrade k3s on ${alias} to ${to.text}`,
    effect: [{ what: `k3s of ${alias}`, before: server.from, after: to.text, note: `the program of before stays beside it` }],
    unknown: 'whether k3s comes back is known only by doing it',
    check: async () => mayBegin(facts, server),
    apply: (write) => write.nodes.upgradeK3s(alias, { version: to.text }),
    verify: async (look) => {
      const found = await through(server, look)
      return found.ok ? votes(alias, look) : orSilent(server, found, look)
    },
    within: bootPatience,
    shows: (prove) => prove.nodes.k3sIsOf(alias, { version: to.text, within: bootPatience }),
    undo: {
      impossible: 'a server that has run the newer release goes back by cluster:restore alone',
    },
  }
}

/** Its member of etcd is there, counts, and follows a leader. */
const votes = async (alias: string, { nodes }: Readers<'nodes'>): Promise<Finding> => {
  const member = memberAt(await surveyEtcd([alias], nodes), alias)
  return every([
    when(member !== undefined, `etcd of ${alias} does not answer`, asRootOn(alias, sh`journalctl -u k3s -n 50`)),
    when(member?.isLearner !== true, `etcd of ${alias} has no vote yet`),
    when(member?.hasLeader !== false, `etcd of ${alias} has no leader`, 'honeydue cluster:etcd'),
  ])
}

/** A run before this one has told it to, and it does not answer. */
export const answersWith = (facts: UpgradeFacts, server: ServerFacts): Proof<Needs> => ({
  title: `${aliasOf(server)} answers, and runs ${facts.to.text}`,
  onlyAfterwards: true,
  holds: (look) => through(server, look),
  within: bootPatience,
  shows: (prove) => prove.nodes.k3sIsOf(aliasOf(server), { version: facts.to.text, within: bootPatience }),
})

/** Who asks for what the release does not have any more is found by people alone. */
export const nobodyNeedsRemoved = ({ removed, to, servers }: UpgradeFacts): readonly Gate<Needs>[] => {
  const apis = removed && 'value' in removed ? removed.value.map(({ api }) => api) : []
  return apis.length === 0 || servers.some((one) => isThrough(one))
    ? []
    : [
        {
          title: `Nobody needs what v${to.major}.${to.minor} removes`,
          ask: `Somebody has asked for ${apis.join(', ')} since the API server started, and v${to.major}.${to.minor} does not have that any more: is it known who, and does he do without it?`,
        },
      ]
}

export const cameTo = (before: UpgradeFacts, after: UpgradeFacts): readonly string[] =>
  after.servers.flatMap((server) => {
    const was = before.servers.find((one) => aliasOf(one) === aliasOf(server))?.from
    return was !== undefined && was !== server.from && isThrough(server) ? [`${aliasOf(server)} runs ${server.from}, and ran ${was}`] : []
  })
