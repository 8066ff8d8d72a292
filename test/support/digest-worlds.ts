import { image, namespace } from '../../src/lib/sandbox/deployment/facts.ts'
import type { KubeObject } from '../../src/lib/sandbox/kubernetes/types.ts'
import type { Sandbox } from '../../src/lib/sandbox/sandbox.ts'
import { eventually } from './eventually.ts'

const pods = { group: '', resource: 'pods' }
const nodeOf = ({ spec }: KubeObject | { readonly spec?: unknown }): string => (spec as { readonly nodeName?: string }).nodeName ?? ''
const digestOf = ({ status }: KubeObject): string =>
  /sha256:[0-9a-f]{64}/.exec(JSON.stringify((status as { containerStatuses?: object } | undefined)?.containerStatuses ?? ''))?.[0] ?? ''

/**
 * The tag of web was pushed again, and one node has pulled it since, for a pod that was told to: the pod of web that comes to that node runs the new content,
 * the others run what their nodes keep of it.
 */
export const differingNodes = async (sandbox: Sandbox): Promise<void> => {
  const { client } = sandbox.kubernetes
  const ofWeb = () => client.list(pods, { namespace, labels: { 'app.kubernetes.io/name': 'web' } })
  sandbox.registry.push(image('web'))
  const digest = (await sandbox.registry.find(image('web')))?.digest
  const [pod] = ofWeb()
  if (!pod) throw new Error('web has no pod')
  const node = nodeOf(pod)
  const { containers = [] } = pod.spec as { readonly containers?: readonly object[] }
  client.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'tries-the-fix', namespace },
    spec: { ...(pod.spec as object), containers: containers.map((one) => ({ ...one, imagePullPolicy: 'Always' })) },
  })
  await eventually(async () => {
    const tries = client.get(pods, 'tries-the-fix', namespace)
    return tries !== undefined && digestOf(tries) === digest
  })
  client.delete(pods, 'tries-the-fix', namespace)
  const others = client.list({ group: '', resource: 'nodes' }).filter(({ metadata }) => metadata.name !== node)
  const taking = (unschedulable: boolean) => {
    for (const { metadata } of others)
      client.update({ group: '', resource: 'nodes' }, metadata.name, undefined, (draft) => {
        draft['spec'] = { ...(draft['spec'] as object), unschedulable }
      })
  }
  taking(true)
  client.delete(pods, pod.metadata.name, namespace)
  await eventually(async () => {
    const all = ofWeb()
    const counted = client.get({ group: 'apps', resource: 'deployments' }, 'web', namespace)?.['status'] as { availableReplicas?: number }
    const replaced = all.every(({ metadata }) => metadata.uid !== pod.metadata.uid)
    return (
      replaced &&
      all.length === 3 &&
      all.every((one) => JSON.stringify(one['status']).includes('"ready":true')) &&
      counted.availableReplicas === 3
    )
  })
  taking(false)
}
