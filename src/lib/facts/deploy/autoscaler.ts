import type { Condition, KubeObject } from '../../systems/kube/types.ts'
import type { Readers } from '../../systems/systems.ts'
import { type Answer, answer } from '../answer.ts'

/** The autoscalers of a namespace, or why they cannot be read. */
export const readAutoscalers = ({ kube }: Readers<'kube'>, namespace: string): Promise<Answer<readonly KubeObject[]>> =>
  answer(kube.list('HorizontalPodAutoscaler', { namespace }))

/** The one that sets the replicas of a Deployment; the deployment of the book has none. */
export const autoscalerOf = (all: readonly KubeObject[], name: string): KubeObject | undefined =>
  all.find(({ spec }) => {
    const { scaleTargetRef } = (spec ?? {}) as { readonly scaleTargetRef?: { readonly kind?: string; readonly name?: string } }
    return scaleTargetRef?.kind === 'Deployment' && scaleTargetRef.name === name
  })

/** What keeps an autoscaler from doing its work: it cannot measure, or wants more pods than it may have. */
export const hinderedBy = ({ spec, status }: KubeObject): string | undefined => {
  const { conditions = [] } = (status ?? {}) as { readonly conditions?: readonly Condition[] }
  const { maxReplicas } = (spec ?? {}) as { readonly maxReplicas?: number }
  const is = (type: string, value: string) => conditions.find((one) => one.type === type && one.status === value)
  const idle = is('AbleToScale', 'False') ?? is('ScalingActive', 'False')
  if (idle) return `it does nothing: ${idle.message ?? idle.reason ?? 'it does not say why'}`
  return is('ScalingLimited', 'True')?.reason === 'TooManyReplicas'
    ? `it wants more than the ${maxReplicas ?? 'most'} pods that it may have`
    : undefined
}
