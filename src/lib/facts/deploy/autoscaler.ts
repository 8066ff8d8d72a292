import { reasonOf } from '../../errors.ts'
import type { KubeObject } from '../../systems/kube/types.ts'
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
