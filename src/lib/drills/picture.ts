import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { namespace, nodes } from '../sandbox/deployment/facts.ts'
import type { KubeObject } from '../sandbox/kubernetes/types.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'

/** The deployment as it ought to be, part by part: what is the same here before and after has not been harmed, and has not drifted. */
export type Picture = Readonly<Record<string, string>>

interface Spec {
  readonly replicas?: number
  readonly paused?: boolean
  readonly unschedulable?: boolean
  readonly template?: { readonly spec: { readonly containers: readonly { readonly image: string; readonly readinessProbe?: object }[] } }
}

interface Status {
  readonly replicas?: number
  readonly readyReplicas?: number
  readonly updatedReplicas?: number
  readonly unavailableReplicas?: number
}

const digest = (value: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(value) ?? '')
    .digest('hex')
    .slice(0, 12)

/** Reads it from the sandbox itself. */
export const pictureOf = ({ kubernetes: { client }, cloudflare, nodes: machines, redis, environment }: Sandbox): Picture => {
  const found: Record<string, string> = {}
  for (const { metadata, spec, status } of client.list({ group: 'apps', resource: 'deployments' }, { namespace })) {
    const { replicas = 1, paused = false, template } = spec as Spec
    const { readyReplicas = 0, updatedReplicas = 0 } = (status ?? {}) as Status
    found[`replicas of ${metadata.name}`] = String(replicas)
    found[`ready pods of ${metadata.name}`] = `${readyReplicas} of ${replicas}, ${updatedReplicas} of its present template`
    found[`rollout of ${metadata.name}`] = paused ? 'paused' : 'goes on'
    found[`image of ${metadata.name}`] = template?.spec.containers.map(({ image }) => image).join(', ') ?? ''
    found[`probe of ${metadata.name}`] = JSON.stringify(template?.spec.containers.map(({ readinessProbe }) => readinessProbe ?? {}))
  }
  for (const { alias, hostname } of nodes) {
    const node = client.get({ group: '', resource: 'nodes' }, hostname)
    found[`pods may be placed on ${alias}`] = (node?.spec as Spec | undefined)?.unschedulable ? 'no' : 'yes'
    found[`firewall of ${alias}`] = digest(['ufw/rules4', 'ufw/rules6'].map((file) => sorted(machines.node(alias).state.read(file))))
  }
  found['names at Cloudflare'] = cloudflare.state.records
    .map(({ name, type, content, proxied }) => `${name} ${type} ${content}${proxied ? '' : ' not proxied'}`)
    .sort()
    .join('\n')
  const config = client.get({ group: '', resource: 'configmaps' }, 'honeydue-config', namespace)
  for (const [key, value] of Object.entries((config as (KubeObject & { data?: Record<string, string> }) | undefined)?.data ?? {}))
    found[`${key} in the ConfigMap`] = value
  for (const [key, value] of Object.entries(sourceOf(environment.checkout))) found[`${key} in config.yaml`] = value
  const secret = client.get({ group: '', resource: 'secrets' }, 'cloudflare-origin-cert', namespace)
  found['origin certificate'] = digest((secret as (KubeObject & { data?: unknown }) | undefined)?.data)
  found['queue default'] = redis.store.keys().includes('asynq:{default}:paused') ? 'paused' : 'worked on'
  found['policy of Redis'] = redis.settings.get('maxmemory-policy') ?? ''
  return found
}

const sorted = (text: string): readonly string[] => text.split('\n').sort()

/** The lines `key: value` of config.yaml; which part of the file they stand in does not matter to a comparison. */
const sourceOf = (checkout: string): Readonly<Record<string, string>> => {
  const lines = readFileSync(join(checkout, 'deploy-k3s/config.yaml'), 'utf8').split('\n')
  return Object.fromEntries(
    lines.flatMap((line) => {
      const [, key = '', value = ''] = /^\s*([\w.-]+):\s*(\S.*)$/.exec(line) ?? []
      return key === '' || /password|secret|token/i.test(key) ? [] : [[key, value]]
    }),
  )
}

/** One part that is otherwise. */
export interface Difference {
  readonly part: string
  readonly was: string
  readonly is: string
}

/** What is otherwise in the second one, and not among what may be. */
export const differences = (before: Picture, after: Picture, leaves: readonly string[] = []): readonly Difference[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((part) =>
    leaves.includes(part) || before[part] === after[part] ? [] : [{ part, was: said(before[part]), is: said(after[part]) }],
  )

const said = (value: string | undefined): string => {
  if (value === undefined) return 'nothing'
  return value.length > 80 || value.includes('\n') ? `${value.split('\n').length} lines (${digest(value)})` : value
}
