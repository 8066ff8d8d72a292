import { isJson, type Json } from '../schema/json.ts'
import type { KubeObject } from '../types.ts'

const object = (value: unknown): Json => (isJson(value) ? value : {})
const percent = 'targetCPUUtilizationPercentage'

/** The target of the one metric that the older form knows: the share of its requested processor time that a pod uses. */
const processorTarget = (metrics: unknown): unknown =>
  (Array.isArray(metrics) ? metrics.filter(isJson) : [])
    .map(({ type, resource }) => ({ type, name: object(resource)['name'], target: object(object(resource)['target']) }))
    .find(({ type, name, target }) => type === 'Resource' && name === 'cpu' && target['type'] === 'Utilization')?.target[
    'averageUtilization'
  ]

/** An autoscaler as autoscaling/v1 shows it. What that form has no field for is not shown, and lost where it is written by it. */
export function olderAutoscaler(stored: KubeObject): KubeObject {
  const { scaleTargetRef, minReplicas, maxReplicas, metrics } = object(stored['spec'])
  const target = processorTarget(metrics)
  const { currentReplicas = 0, desiredReplicas = 0 } = object(stored['status'])
  return {
    ...stored,
    apiVersion: 'autoscaling/v1',
    spec: {
      scaleTargetRef,
      ...(minReplicas === undefined ? {} : { minReplicas }),
      maxReplicas,
      ...(target === undefined ? {} : { [percent]: target }),
    },
    status: { currentReplicas, desiredReplicas },
  }
}

/** What a client sends as autoscaling/v1, in the form in which it is stored. */
export function newerAutoscaler(sent: KubeObject): KubeObject {
  const { [percent]: target, ...spec } = object(sent['spec'])
  const metric = { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: target } } }
  return { ...sent, apiVersion: 'autoscaling/v2', spec: { ...spec, ...(target === undefined ? {} : { metrics: [metric] }) } }
}
