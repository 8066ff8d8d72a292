import { k3sVersionOf } from '../../k3s-version.ts'
import { duration, text } from '../../plan/choice.ts'
import { defineProcedure } from '../../plan/procedure.ts'
import { isBooting, isThrough } from '../nodes/reboot-facts.ts'
import { rebootNode } from '../nodes/reboot-node.ts'
import { beyondOf, outlierAmong, targetOf } from '../nodes/several-nodes.ts'
import { gatherUpgrade, snapshotName, type UpgradeFacts } from './upgrade-facts.ts'
import { answersWith, cameTo, fetchFor, nobodyNeedsRemoved, snapshotOn, upgradeOn } from './upgrade-steps.ts'

/** Brings the servers to another release of k3s, one after another, each empty and out of the round robin meanwhile, and proved to be back before the next one is touched. */
export const upgrade = defineProcedure({
  id: 'cluster:upgrade',
  title: 'Upgrade k3s, one server after another, no request lost',
  needs: ['kube', 'cloudflare', 'nodes', 'http'],
  choices: {
    to: text({
      about: 'the release, as k3s names it: v1.34.7+k3s1',
      ask: 'Which release of k3s?',
      refuse: (given) => (k3sVersionOf(given) ? undefined : `"${given}" is no release of k3s: they are named like v1.34.7+k3s1`),
    }),
    within: duration({ about: 'how long all evictions of a node together may take', default: '10m' }),
  },
  risk: () => 'disruptive',
  gather: gatherUpgrade,
  outlier: (facts) => outlierAmong(facts.servers) ?? noWayBack(facts),
  subject: ({ to }) => to.text,
  target: ({ servers }) => targetOf(servers),
  beyond: (facts) => [...(atWork(facts) ? [...whatIsKnown(facts), ...wayBack(facts)] : []), ...beyondOf(facts.servers)],
  came: cameTo,
  steps: (facts) => {
    const { servers, snapshots } = facts
    return [
      ...servers.filter((one) => !isThrough(one) && !isBooting(one)).map((server) => fetchFor(facts, server)),
      ...nobodyNeedsRemoved(facts),
      ...snapshots.map((snapshot) => snapshotOn(facts, snapshot)),
      ...servers.flatMap((server) => rebootNode(server, { work: upgradeOn(facts, server), awaited: answersWith(facts, server) })),
    ]
  },
})

const atWork = ({ servers }: UpgradeFacts): boolean => servers.some((one) => !isThrough(one))

/** From one minor release to the next, what is stored may change its form. */
const noWayBack = ({ servers, to }: UpgradeFacts): string | undefined =>
  servers.some((one) => !isThrough(one) && k3sVersionOf(one.from)?.minor !== to.minor)
    ? `v${to.major}.${to.minor} is another minor release, and cluster:restore alone leads back`
    : undefined

const whatIsKnown = ({ removed, to }: UpgradeFacts): readonly string[] => [
  ...(removed === undefined
    ? []
    : 'because' in removed
      ? [`Whether somebody uses what v${to.major}.${to.minor} removes is not known: ${removed.because}`]
      : removed.value.length > 0
        ? []
        : [`Of the APIs that v${to.major}.${to.minor} removes nobody has asked the API server for one since it started`]),
  'k3s brings its own Traefik, CoreDNS and metrics-server: where the release has others, they are rolled out once the first server runs it',
]

const wayBack = ({ to }: UpgradeFacts): readonly string[] => [
  `The way back is honeydue cluster:restore with a snapshot ${snapshotName(to)}-…, and the program of before, which stays beside the new one; what is written after the snapshot is lost by that`,
  "A snapshot opens with the servers' token alone: it is to be kept off the nodes, as honeydue cluster:snapshot asks",
]
