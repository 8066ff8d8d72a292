import type { Rights } from '../../systems/kube/types.ts'

/** One right as RBAC knows it: `patch` of `deployments` in `apps`. */
export interface Right {
  readonly verb: string
  readonly group: string
  readonly resource: string
}

const right = (verb: string, resource: string, group = ''): Right => ({ verb, group, resource })

const readPods = right('list', 'pods')
const readSecrets = right('get', 'secrets')
const config = right('patch', 'configmaps')
const deployments = right('patch', 'deployments', 'apps')
const secrets = right('patch', 'secrets')
const nodes = right('patch', 'nodes')
const evict = right('create', 'pods/eviction')
const createJob = right('create', 'jobs', 'batch')
const removeJob = right('delete', 'jobs', 'batch')
const removePod = right('delete', 'pods')
const lease = right('patch', 'leases', 'coordination.k8s.io')
const forward = right('create', 'pods/portforward')

/** What every report about the cluster reads. */
export const readingRights: readonly Right[] = [
  readPods,
  right('list', 'deployments', 'apps'),
  right('list', 'nodes'),
  right('get', 'configmaps'),
]

/** What each procedure needs of the cluster beside reading it, as its requests ask for it. */
export const rightsOf: Readonly<Record<string, readonly Right[]>> = {
  'access:revoke': [readSecrets],
  'cache:invalidate': [readSecrets, forward],
  'cache:policy': [readSecrets, forward],
  'cert:install': [secrets],
  'cert:rotate': [secrets],
  'cluster:tidy': [removePod, removeJob],
  'cluster:upgrade': [nodes, evict, deployments],
  // What else it needs is what the manifest is of.
  'config:apply': [],
  'config:set': [config, deployments],
  'db:bootstrap-goose': [readSecrets, createJob, removeJob],
  'db:migrate': [readSecrets, createJob, removeJob],
  'db:recover-migration': [readSecrets, createJob, removeJob],
  'db:restore-point': [readSecrets],
  'db:switch-host': [readSecrets, config, deployments],
  'db:unlock': [readSecrets],
  'deploy:image': [deployments],
  'deploy:pause': [deployments],
  'deploy:restart': [deployments],
  'deploy:resume': [deployments],
  'deploy:rollback': [deployments],
  'deploy:scale': [deployments],
  'nodes:drain': [nodes, evict, deployments],
  'nodes:reboot': [nodes, evict, deployments],
  'nodes:replace': [nodes, right('delete', 'nodes')],
  'nodes:uncordon': [nodes],
  'nodes:update': [nodes, evict, deployments],
  'observability:fix-token': [secrets, deployments, config],
  'queue:drop': [readSecrets, forward],
  'queue:pause': [readSecrets, forward],
  'queue:resume': [readSecrets, forward],
  'queue:retry': [readSecrets, forward],
  'redis:recover': [readSecrets, forward, deployments, removePod, right('create', 'persistentvolumeclaims')],
  'secrets:sync': [secrets],
  'secrets:rotate': [secrets, deployments, config],
}

/** The Lease that each of them is held under. */
const leaseRight = lease

const covers = (have: readonly string[], wanted: string): boolean => have.includes('*') || have.includes(wanted)

/** Whether the rules grant it for every object: one that is for some names alone is not it. */
const isGranted = ({ rules }: Rights, { verb, group, resource }: Right): boolean =>
  rules.some(
    (rule) =>
      rule.names.length === 0 &&
      covers(rule.verbs, verb) &&
      covers(rule.groups, group) &&
      (covers(rule.resources, resource) || (resource.includes('/') && rule.resources.includes(`*/${resource.split('/')[1]}`))),
  )

export const lackedOf = (rights: Rights, wanted: readonly Right[]): readonly Right[] => wanted.filter((one) => !isGranted(rights, one))

/** `patch deployments.apps`, as `kubectl auth can-i` takes it. */
export const rightWords = ({ verb, group, resource }: Right): string => {
  const [of = '', sub] = resource.split('/')
  return `${verb} ${of}${group ? `.${group}` : ''}${sub ? `/${sub}` : ''}`
}

/** Each right that is lacking, with the procedures that cannot do without it. */
export const lackedByRight = (rights: Rights): readonly { readonly right: Right; readonly procedures: readonly string[] }[] => {
  const found = new Map<string, { readonly right: Right; readonly procedures: string[] }>()
  for (const [id, wanted] of Object.entries(rightsOf))
    for (const one of lackedOf(rights, [...wanted, leaseRight])) {
      const key = rightWords(one)
      const known = found.get(key) ?? { right: one, procedures: [] }
      known.procedures.push(id)
      found.set(key, known)
    }
  return [...found.values()]
}
