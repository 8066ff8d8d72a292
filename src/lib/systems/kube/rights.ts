import * as z from 'zod/mini'
import type { KubeClient } from './request.ts'
import { statusTrouble } from './trouble.ts'
import type { Rights } from './types.ts'

const who = z.object({
  status: z.object({ userInfo: z.object({ username: z.string(), groups: z.optional(z.array(z.string())) }) }),
})

const list = z.optional(z.array(z.string()))
const rules = z.object({
  status: z.object({
    resourceRules: z.nullish(z.array(z.object({ verbs: list, apiGroups: list, resources: list, resourceNames: list }))),
    incomplete: z.optional(z.boolean()),
  }),
})

const post = async (client: KubeClient, group: string, kind: string, spec: object | undefined): Promise<unknown> => {
  const path = `/apis/${group}/v1/${kind.toLowerCase()}s`
  const answer = await client.ask({ method: 'POST', path, body: { apiVersion: `${group}/v1`, kind, ...(spec && { spec }) } })
  if (answer.status >= 300)
    throw statusTrouble(answer.status, String((answer.object as { message?: unknown })?.message ?? ''), `POST ${path}`, answer.server)
  return answer.object
}

/** Who the server takes us for, and what it says that we may do in a namespace. Nothing is stored by either question. */
export const rightsIn = async (client: KubeClient, namespace: string): Promise<Rights> => {
  const [self, may] = await Promise.all([
    post(client, 'authentication.k8s.io', 'SelfSubjectReview', undefined).then(
      (found) => who.safeParse(found).data?.status.userInfo,
      // Before Kubernetes 1.28 nobody could ask.
      () => undefined,
    ),
    post(client, 'authorization.k8s.io', 'SelfSubjectRulesReview', { namespace }),
  ])
  const read = rules.safeParse(may).data?.status
  return {
    ...(self && { user: self.username, groups: self.groups ?? [] }),
    rules: (read?.resourceRules ?? []).map(({ verbs = [], apiGroups = [], resources = [], resourceNames = [] }) => ({
      verbs,
      groups: apiGroups,
      resources,
      names: resourceNames,
    })),
    whole: read !== undefined && read.incomplete !== true,
  }
}
