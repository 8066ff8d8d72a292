import { X509Certificate } from 'node:crypto'
import { Client } from 'pg'
import { namespace } from '../sandbox/deployment/facts.ts'
import type { KubeObject } from '../sandbox/kubernetes/types.ts'
import type { RedisSandbox } from '../sandbox/redis/redis.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import type { World } from './drill.ts'

/** A container of a pod template, as far as drills change one. */
export interface Container {
  image: string
  readinessProbe?: { readonly httpGet?: { path: string } }
}

interface DeploymentSpec {
  replicas: number
  paused?: boolean
  readonly template: { readonly spec: { readonly containers: Container[] } }
}

/** Changes a Deployment of the application, as somebody with kubectl does. */
export const edit = ({ sandbox }: World, name: string, change: (spec: DeploymentSpec) => void): void =>
  void sandbox.kubernetes.client.update({ group: 'apps', resource: 'deployments' }, name, namespace, (draft) =>
    change(draft.spec as DeploymentSpec),
  )

/** Changes its only container. */
export const editContainer = (world: World, name: string, change: (container: Container) => void): void =>
  edit(world, name, ({ template }) => template.spec.containers.forEach(change))

/** One of these. */
export const oneOf = <T>({ random }: World, all: readonly T[]): T => all[Math.floor(random() * all.length)] as T

/** Puts a pair into the origin's Secret. */
export const putPair = ({ kubernetes }: Sandbox, { certificate, key }: { readonly certificate: string; readonly key: string }): void =>
  void kubernetes.client.update({ group: '', resource: 'secrets' }, 'cloudflare-origin-cert', namespace, (draft) => {
    const base64 = (text: string) => Buffer.from(text).toString('base64')
    draft.data = { 'tls.crt': base64(certificate), 'tls.key': base64(key) }
  })

/** When the certificate in the origin's Secret ends. */
export const endOfPair = ({ kubernetes }: Sandbox): Date => {
  const secret = kubernetes.client.get({ group: '', resource: 'secrets' }, 'cloudflare-origin-cert', namespace)
  const data = (secret as (KubeObject & { readonly data?: Readonly<Record<string, string>> }) | undefined)?.data
  return new Date(new X509Certificate(Buffer.from(data?.['tls.crt'] ?? '', 'base64')).validTo)
}

/** Ids of a state of the queue `default`. */
export const idsOf = (redis: Pick<RedisSandbox, 'store'>, state: string): readonly string[] => {
  const value = redis.store.get(`asynq:{default}:${state}`)
  return value?.type === 'list' ? value.items : value?.type === 'zset' ? [...value.scores.keys()] : []
}

/** What a start with AutoMigrate through the pooler leaves when its pod is killed: the lock stays with the server connection. */
export const strandLock = async ({ postgres }: Sandbox): Promise<void> => {
  const { port, user, database, password, ca, poolerHost } = postgres
  const ssl = { ca, servername: poolerHost }
  const pod = new Client({ host: '127.0.0.1', port, user, database, password, application_name: 'honeydue-api', ssl })
  await pod.connect()
  await pod.query('SELECT pg_advisory_lock(4711)')
  await pod.end()
}
