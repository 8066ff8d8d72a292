import type { Duration } from '../../clock.ts'
import { reasonOf } from '../../errors.ts'
import { type Answer, answer } from '../../facts/answer.ts'
import { duration, optionalText, toggle } from '../../plan/choice.ts'
import { fails, holds } from '../../plan/finding.ts'
import { defineProcedure, type Gate } from '../../plan/procedure.ts'
import type { Readers } from '../../systems/systems.ts'
import { freshOn, inHours, type Server, saveOn } from './snapshot-steps.ts'

interface SnapshotFacts {
  readonly servers: readonly Server[]
  /** By alias, why a server could not be asked. */
  readonly away: readonly (readonly [alias: string, because: string])[]
  readonly newerThan: Duration
  readonly tokenKept: boolean
  readonly toObjectStorage: boolean
}

const name = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/
const ofK3s = 'etcd-snapshot'

/** Has every server save a snapshot of etcd on its own disk; where one that is young enough is there, none is made. */
export const snapshot = defineProcedure({
  id: 'cluster:snapshot',
  title: 'Save a snapshot of etcd on every server',
  needs: ['nodes'],
  choices: {
    name: optionalText({
      about: 'what its name begins with; nodes:clean never removes one that was given a name',
      default: 'on-demand',
      refuse: (given) =>
        name.test(given) && given !== ofK3s ? undefined : `"${given}" is no name: small letters, digits and dashes, and not ${ofK3s}`,
    }),
    'newer-than': duration({ about: 'a snapshot of that name that is younger counts as this one', default: '1h' }),
    'token-kept': toggle({ about: "the servers' token is kept off the nodes: nobody is asked whether it is" }),
  },
  risk: () => 'routine',
  gather: async (input, { nodes }, { environment, clock }): Promise<SnapshotFacts> => {
    const asked = await Promise.all(
      environment.nodes.map(async (node) => ({
        node,
        found: await answer(nodes.etcd(node.alias)),
      })),
    )
    const since = new Date(clock.now().getTime() - input['newer-than'])
    const servers = asked.flatMap(({ node, found }) =>
      found.answered
        ? [
            {
              node,
              etcd: found.value,
              prefix: input.name ?? 'on-demand',
              since,
              youngerThan: input['newer-than'],
            },
          ]
        : [],
    )
    if (servers.length === 0) throw firstError(asked.map(({ found }) => found))
    return {
      servers,
      away: asked.flatMap(({ node: { alias }, found }) => (found.answered ? [] : [[alias, reasonOf(found.error)] as const])),
      newerThan: input['newer-than'],
      tokenKept: input['token-kept'],
      toObjectStorage: servers.some(({ etcd }) => etcd.toObjectStorage),
    }
  },
  subject: () => 'etcd',
  target: ({ servers }) => servers.map(({ node }) => `${node.alias} (${node.hostname}) at ${node.address}`),
  beyond: ({ toObjectStorage }) =>
    toObjectStorage ? ['k3s is told to send snapshots to object storage too; whether it did is not looked at'] : [],
  elsewhere: ({ away, toObjectStorage }) => [
    ...away.map(([alias, because]) => `${alias} makes none: ${because}`),
    ...(toObjectStorage ? [] : ['Three disks of one provider are no backup: copy one off the nodes, as the page says']),
  ],
  steps: ({ servers, newerThan, tokenKept }) => [...(tokenKept ? [] : [token(servers, newerThan)]), ...servers.map(saveOn)],
})

const firstError = (asked: readonly Answer<unknown>[]): unknown => asked.flatMap((one) => (one.answered ? [] : [one.error]))[0]

/** Without the servers' token a snapshot opens nothing: it is sealed with it. */
const token = (servers: readonly Server[], newerThan: Duration): Gate<'nodes'> => ({
  title: "The servers' token is kept off the nodes",
  ask: 'A snapshot is restored with /var/lib/rancher/k3s/server/token of these servers alone: is it kept where you find it without them, a password store for example?',
  needless: async (look: Readers<'nodes'>) => {
    const found = await Promise.all(servers.map((server) => freshOn(server, look)))
    return found.every((one) => one !== undefined) ? holds : fails(`no snapshot younger than ${inHours(newerThan)} is on each of them`)
  },
})
