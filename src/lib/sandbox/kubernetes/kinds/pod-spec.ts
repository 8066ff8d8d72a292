import { isJson, type Json } from '../schema/json.ts'
import { type Cause, duplicate, invalidValue, required, unsupported } from '../status.ts'

const list = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isJson) : [])
const fill = (target: Json, defaults: Json) => {
  for (const [key, value] of Object.entries(defaults)) target[key] ??= value
}

/** Fills in what the API server fills in for every pod and pod template. */
export function defaultPodSpec(spec: Json): void {
  fill(spec, {
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
  })
  if (spec['serviceAccountName']) spec['serviceAccount'] ??= spec['serviceAccountName']
  for (const container of [...list(spec['containers']), ...list(spec['initContainers'])]) defaultContainer(container)
  for (const volume of list(spec['volumes'])) defaultVolume(volume)
}

function defaultContainer(container: Json): void {
  const image = String(container['image'] ?? '')
  fill(container, { resources: {}, terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File' })
  if (image !== '')
    container['imagePullPolicy'] ??= /:latest$/.test(image) || !/(:[^/]+|@sha256:.+)$/.test(image) ? 'Always' : 'IfNotPresent'
  for (const port of list(container['ports'])) port['protocol'] ??= 'TCP'
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    const probe = container[name]
    if (!isJson(probe)) continue
    fill(probe, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 })
    if (isJson(probe['httpGet'])) fill(probe['httpGet'], { path: '/', scheme: 'HTTP' })
  }
  for (const variable of list(container['env'])) {
    const field = isJson(variable['valueFrom']) ? variable['valueFrom']['fieldRef'] : undefined
    if (isJson(field)) field['apiVersion'] ??= 'v1'
  }
  const resources = container['resources']
  if (isJson(resources) && isJson(resources['limits']))
    resources['requests'] = { ...resources['limits'], ...(isJson(resources['requests']) ? resources['requests'] : {}) }
}

function defaultVolume(volume: Json): void {
  for (const source of ['secret', 'configMap', 'projected', 'downwardAPI'])
    if (isJson(volume[source])) volume[source]['defaultMode'] ??= 420
  if (isJson(volume['hostPath'])) volume['hostPath']['type'] ??= ''
  if (Object.keys(volume).length === 1) volume['emptyDir'] = {}
}

const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const labelWords =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
const pullPolicies = ['Always', 'IfNotPresent', 'Never']

export function validatePodSpec(spec: Json, path: string): Cause[] {
  const causes: Cause[] = []
  const volumes = new Set(list(spec['volumes']).map((volume) => volume['name']))
  list(spec['volumes']).forEach((volume, at) => {
    if (!volume['name']) causes.push(required(`${path}.volumes[${at}].name`))
  })
  const containers = list(spec['containers'])
  if (containers.length === 0) causes.push(required(`${path}.containers`))
  const names = new Set<unknown>()
  const check = (field: string) => (container: Json, at: number) => {
    const here = `${path}.${field}[${at}]`
    const name = container['name']
    if (!name) causes.push(required(`${here}.name`))
    else if (!label.test(String(name)) || String(name).length > 63) causes.push(invalidValue(`${here}.name`, name, labelWords))
    else if (names.has(name)) causes.push(duplicate(`${here}.name`, name))
    names.add(name)
    if (!container['image']) causes.push(required(`${here}.image`))
    else if (String(container['image']).trim() !== container['image'])
      causes.push(invalidValue(`${here}.image`, container['image'], 'must not have leading or trailing whitespace'))
    list(container['env']).forEach((variable, n) => {
      if (!variable['name']) causes.push(required(`${here}.env[${n}].name`))
      else if (variable['value'] && variable['valueFrom'])
        causes.push(invalidValue(`${here}.env[${n}].valueFrom`, '', 'may not be specified when `value` is not empty'))
    })
    list(container['ports']).forEach((port, n) => {
      const number = port['containerPort']
      if (number === undefined) causes.push(required(`${here}.ports[${n}].containerPort`))
      else if (Number(number) < 1 || Number(number) > 65535)
        causes.push(invalidValue(`${here}.ports[${n}].containerPort`, number, 'must be between 1 and 65535, inclusive'))
    })
    list(container['volumeMounts']).forEach((mount, n) => {
      if (!mount['name']) causes.push(required(`${here}.volumeMounts[${n}].name`))
      else if (!volumes.has(mount['name']))
        causes.push({
          reason: 'FieldValueNotFound',
          message: `Not found: ${JSON.stringify(mount['name'])}`,
          field: `${here}.volumeMounts[${n}].name`,
        })
      if (!mount['mountPath']) causes.push(required(`${here}.volumeMounts[${n}].mountPath`))
    })
    const policy = container['imagePullPolicy']
    if (policy && !pullPolicies.includes(String(policy))) causes.push(unsupported(`${here}.imagePullPolicy`, policy, pullPolicies))
  }
  containers.forEach(check('containers'))
  list(spec['initContainers']).forEach(check('initContainers'))
  const policies = ['Always', 'OnFailure', 'Never']
  if (!policies.includes(String(spec['restartPolicy']))) causes.push(unsupported(`${path}.restartPolicy`, spec['restartPolicy'], policies))
  const grace = spec['terminationGracePeriodSeconds']
  if (Number(grace) < 0) causes.push(invalidValue(`${path}.terminationGracePeriodSeconds`, grace, 'must be greater than or equal to 0'))
  return causes
}

/** Guaranteed, Burstable or BestEffort, by the containers' requests and limits. */
export function qosClass(spec: Json): string {
  const all = [...list(spec['containers']), ...list(spec['initContainers'])].map((container) =>
    isJson(container['resources']) ? container['resources'] : {},
  )
  const some = (resources: Json, field: string) =>
    isJson(resources[field]) && Object.keys(resources[field]).some((name) => name === 'cpu' || name === 'memory')
  if (!all.some((resources) => some(resources, 'requests') || some(resources, 'limits'))) return 'BestEffort'
  const guaranteed = all.every(
    ({ requests, limits }) =>
      isJson(limits) &&
      ['cpu', 'memory'].every(
        (name) => limits[name] !== undefined && (!isJson(requests) || requests[name] === undefined || requests[name] === limits[name]),
      ),
  )
  return guaranteed ? 'Guaranteed' : 'Burstable'
}
