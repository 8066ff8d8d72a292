import { later } from '../../src/lib/later.ts'
import { asRootOn } from '../../src/lib/node-lines.ts'
import { Secret } from '../../src/lib/secret.ts'
import type { ShellLine } from '../../src/lib/shell.ts'
import { sayCheckout } from '../../src/lib/systems/checkout/say-checkout.ts'
import { sayCloudflare } from '../../src/lib/systems/cloudflare/say-cloudflare.ts'
import { sayKube } from '../../src/lib/systems/kube/say-kube.ts'
import { sayNeon } from '../../src/lib/systems/neon/say-neon.ts'
import { sayNodes } from '../../src/lib/systems/nodes/say-nodes.ts'
import { sayPostgres } from '../../src/lib/systems/postgres/say-postgres.ts'
import { sayRedis } from '../../src/lib/systems/redis/say-redis.ts'
import type { Said } from '../../src/lib/systems/systems.ts'
import { deleteLine } from '../../src/lib/ufw-lines.ts'

const never = <T>(): ReturnType<typeof later<T>> => later<T>(async () => Promise.reject(new Error('a line needs no such value')))

/** Every line that there is, with the same value from outside wherever one may stand. */
export const saidOf = (value: string): readonly Said[] => {
  const at = { namespace: value, name: value }
  const kube = sayKube([value])
  const cloudflare = sayCloudflare({
    zone: value,
    tokenCommand: ['echo', value],
    caFile: value,
    hostaddr: { 'api.cloudflare.com': '127.0.0.1:1' },
  })
  const neon = sayNeon({ project: value, api_key_command: ['echo', value], caFile: value })
  const postgres = sayPostgres({ passwordOf: { namespace: value, secret: value, kubeconfigs: [value] }, caFile: value })
  const target = { host: value, port: 5432, user: value, database: value, password: new Secret('x') }
  const index = { schema: value, name: value }
  const nodes = sayNodes({ configFile: value, hostnames: new Map([[value, value]]) })
  const redis = sayRedis({ namespace: value, deployment: value, kubeconfigs: [value] })
  const checkout = sayCheckout(value, [value])
  const record = { name: value, type: 'A' as const, address: value, comment: value }
  const manifest = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: value }, spec: { image: value } }
  return [
    kube.setConfigMapValue({ ...at, key: value, from: value, to: value }),
    kube.restart(at),
    kube.scale({ ...at, from: 1, to: 0 }),
    kube.setPaused({ ...at, paused: true }),
    kube.runJob({ ...at, manifest, file: value, container: value, image: value, migratesTo: 4n }),
    kube.removeJob({ ...at, uid: value }),
    kube.removeAutoscaler({ ...at, uid: value }),
    kube.annotate({ ...at, kind: 'Secret', annotation: value, value }),
    kube.replaceTlsSecret({ ...at, resourceVersion: value, certificate: never(), key: never(), files: { certificate: value, key: value } }),
    cloudflare.addAddress(record),
    cloudflare.proxyAddress(record),
    cloudflare.removeAddress(record),
    cloudflare.purge({ urls: [value] }),
    cloudflare.createOriginCertificate({ csr: '', names: [value], days: 7, key: 'ec', files: { request: value, certificate: value } }),
    cloudflare.revokeOriginCertificate({ id: value }),
    neon.markVersion({ parent: value, version: 4n }),
    neon.deleteMark({ id: value, name: value }),
    postgres.endBackend(target, { pid: 7, backendStart: value, state: value }),
    postgres.dropInvalidIndex(target, index),
    postgres.rebuildInvalidIndex(target, index),
    postgres.markVersions(target, [1n], value),
    nodes.allowFrom(value, { source: value, port: 443, protocol: 'tcp', comment: value }),
    nodes.deleteRule(value, { spec: value }),
    { line: asRootOn(value, deleteLine({ spec: value })), target: value },
    redis.forgetResidenceIds(['7']),
    redis.dropLost(value, { ids: [value], locks: [value] }),
    redis.forgetAllResidenceIds({ ttl: 1, most: 1, signal: new AbortController().signal }),
    checkout.setScalar({ file: value, key: value, line: 4, from: value, to: value }),
    checkout.keepNewKey({ base: value, commonName: value, key: new Secret('x'), csr: '', publicKey: '' }),
    checkout.placePair({ base: value, certificate: never() }),
    checkout.restorePair({ base: value }),
    checkout.dropNewKey({ base: value }),
    ...(['file', 'yaml', 'env'] as const).map((kind) =>
      checkout.placeValue({ base: value, source: { file: value, in: kind, key: value }, value: new Secret('x'), line: 4 }),
    ),
    checkout.keepOldValue({ base: value, value: new Secret('x'), live: { ...at, key: value } }),
    checkout.keepNewValue({ base: value, value: new Secret('x'), from: value }),
    checkout.keepNewValue({ base: value, value: new Secret('x') }),
    checkout.dropOldValue({ base: value }),
    checkout.dropNewValue({ base: value }),
    kube.setSecretValue({ ...at, key: value, resourceVersion: value, value: never(), rotated: value, file: value }),
    ...(['file', 'yaml', 'env'] as const).map((kind) =>
      kube.setSecretValues({
        ...at,
        resourceVersion: kind === 'env' ? undefined : value,
        type: value,
        values: [{ key: value, value: never(), place: { file: value, in: kind, line: 4, around: [value, value] } }],
      }),
    ),
    redis.addPassword({ ...never(), file: value }),
    redis.makeOwn({ password: { ...never(), file: value }, beside: { ...never(), file: value } }),
    redis.removePassword({ ...never(), file: value }),
  ]
}

export const linesOf = ({ before = [], line }: Said): readonly ShellLine[] => [...before, ...(typeof line === 'string' ? [line] : line)]

/** Every program that they call. */
export const programs = [
  'kubectl',
  'curl',
  'ssh',
  'psql',
  'openssl',
  'awk',
  'sed',
  'cp',
  'mv',
  'rm',
  'chmod',
  'cmp',
  'git',
  'tr',
  'head',
  'grep',
  'stub',
  'hostname',
  'cut',
  'sudo',
  'ufw',
]
