import { apnsKey } from '../../apns-secret.ts'
import type { Environment } from '../../environment/schema.ts'
import { Usage } from '../../errors.ts'
import { type ShellLine, sh } from '../../shell.ts'
import type { KeptKey, KeptSecret } from '../../systems/kube/types.ts'
import type { Readers } from '../../systems/systems.ts'
import { originSecret } from '../cert/places.ts'
import { makersIn } from '../cluster/makers.ts'
import { consumersOf } from './consumers.ts'
import { isRotated } from './rotated-names.ts'
import { pullKey, sourcesOf } from './sources.ts'

/** The machine of an operator: it has the checkout with its sources, and the kubeconfig that reads every Secret. */
export const workstation = 'workstation'

/** What is known of a key since a loss; `written`: another value may have come, and nobody noted that it was a new one. */
export type SinceLoss = 'rotated' | 'written' | 'not yet'

/** One thing that a holder has seen. */
export interface Held {
  readonly secret: string
  readonly key: string
  /** As an operator calls it. */
  readonly called: string
  /** Whom it opens the door to, for whoever has it. */
  readonly opens: string
  readonly state: SinceLoss
  /** What renews it. */
  readonly command: ShellLine
}

/** What opens most from anywhere comes first; what is of use within the cluster alone comes last. */
const worth: readonly (readonly [called: string, opens: string])[] = [
  ['POSTGRES_PASSWORD', 'the database, from anywhere'],
  ['SECRET_KEY', "anybody's session"],
  ['REGISTRY_PASSWORD', 'the images, from anywhere'],
  ['STORAGE_KEY', "users' files, from anywhere"],
  ['EMAIL_HOST_PASSWORD', 'mail in our name, from anywhere'],
  [originSecret, 'our names, for whoever stands between the edge and a node'],
  [apnsKey, 'messages to telephones'],
  ['FCM_SERVER_KEY', 'messages to telephones'],
  ['admin-basic-auth', 'the first of two doors of the admin panel'],
  ['OBS_INGEST_TOKEN', 'false metrics and traces'],
  ['REDIS_PASSWORD', 'cache and jobs, from within the cluster'],
]

const rank = (called: string): number => {
  const at = worth.findIndex(([name]) => name === called)
  return at < 0 ? worth.length : at
}

/** Everything that a holder has seen, in the order in which it should be renewed. Throws Usage for one who is not known. */
export const heldBy = async (
  holder: string,
  since: Date,
  { kube }: Readers<'kube'>,
  environment: Environment,
): Promise<readonly Held[]> => {
  const { namespace, nodes } = environment
  const [secrets, workloads] = await Promise.all([kube.secrets(namespace), makersIn(kube, namespace)])
  // Every node is a server of k3s (README): its etcd has all Secrets.
  const hasAll = holder === workstation || nodes.some(({ alias, hostname }) => holder === alias || holder === hostname)
  const names = workloads.map(([, { metadata }]) => metadata.name)
  if (!hasAll && !names.includes(holder)) throw unknown(holder, [workstation, ...nodes.map(({ alias }) => alias), ...names])
  const known = sourcesOf(environment)
  const all = secrets
    .filter(({ type, name }) => known[name] !== undefined || ownTypes.has(type))
    .flatMap((secret) => secret.keys.map((key) => ({ secret, key })))
    .filter(({ key }) => key.name !== 'tls.crt' && key.name !== environment.storage.idKey)
  return all
    .filter(({ secret, key }) => {
      const users = hasAll ? [] : consumersOf({ secret: secret.name, key: key.name }, { workloads, pods: [] })
      return hasAll || users.some(({ workload }) => workload.split(' ')[1] === holder)
    })
    .map(({ secret, key }) => heldOf(secret, key, since, environment))
    .sort((one, other) => rank(one.called) - rank(other.called) || (one.called < other.called ? -1 : 1))
}

/** What nobody but Kubernetes made is nobody's to renew. */
const ownTypes = new Set(['Opaque', 'kubernetes.io/tls', 'kubernetes.io/dockerconfigjson', 'kubernetes.io/basic-auth'])

const heldOf = (secret: KeptSecret, key: KeptKey, since: Date, { storage: { keyKey: storageKey }, basicAuth }: Environment): Held => {
  const called =
    key.name === pullKey
      ? 'REGISTRY_PASSWORD'
      : key.name === storageKey
        ? 'STORAGE_KEY'
        : secret.name === originSecret
          ? originSecret
          : secret.name === basicAuth.secret
            ? 'admin-basic-auth'
            : key.name
  return {
    secret: secret.name,
    key: key.name,
    called,
    opens: worth.find(([name]) => name === called)?.[1] ?? 'not known',
    state: stateOf(secret, key, since),
    command: isRotated(called)
      ? sh`honeydue secrets:rotate ${called}`
      : called === originSecret
        ? sh`honeydue cert:rotate`
        : sh`honeydue secrets:sync --only ${called}   # once a new one is in its source`,
  }
}

/** The note of the day is the whole Secret's: of one with several keys it says nothing of each. */
const stateOf = ({ keys, lastRotated, type }: KeptSecret, { rotatedAt, writtenAt }: KeptKey, since: Date): SinceLoss => {
  if (rotatedAt !== undefined && rotatedAt >= since) return 'rotated'
  const noted = keys.length === 1 || type === 'kubernetes.io/tls' ? new Date(lastRotated ?? Number.NaN) : undefined
  // A day begins before what was lost in it.
  if (noted !== undefined && noted >= since) return 'rotated'
  return writtenAt !== undefined && writtenAt >= since ? 'written' : 'not yet'
}

const unknown = (holder: string, known: readonly string[]): Usage =>
  new Usage({
    code: 'no-such-holder',
    failed: `What ${holder} has seen is not known`,
    cause: `These are known: ${known.join(', ')}`,
    next: 'honeydue secrets:lost --help',
  })
