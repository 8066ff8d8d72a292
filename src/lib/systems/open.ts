import { apnsKey, apnsSecret } from '../apns-secret.ts'
import { type Clock, seconds } from '../clock.ts'
import type { Environment } from '../environment/schema.ts'
import { Unreachable } from '../errors.ts'
import type { SeenNode } from '../node-lines.ts'
import { Secret } from '../secret.ts'
import { apnsSystem } from './apns/apns.ts'
import { checkoutSystem } from './checkout/checkout.ts'
import { cloudflareSystem } from './cloudflare/cloudflare.ts'
import { httpSystem } from './http/http.ts'
import { kubeSystem } from './kube/kube.ts'
import type { LeaseStore } from './kube/lease-store.ts'
import { kubeLeases } from './kube/leases.ts'
import { kubeClient } from './kube/request.ts'
import { mailSystem } from './mail/mail.ts'
import { metricsSystem } from './metrics/metrics.ts'
import { neonSystem } from './neon/neon.ts'
import { nodesSystem } from './nodes/nodes.ts'
import { observabilityOptions } from './observability-options.ts'
import { postgresSystem } from './postgres/postgres.ts'
import { redisSystem } from './redis/redis.ts'
import { dialThrough } from './redis/through.ts'
import { namedCredentials, pullCredentials } from './registry/pull-secret.ts'
import { registrySystem } from './registry/registry.ts'
import { type ScratchServer, scratchSystem } from './scratch/scratch.ts'
import { storageSystem } from './storage/storage.ts'
import type { Reached, Systems } from './systems.ts'
import { cloudflareToken, neonKey, readToken, registryLogin } from './token.ts'
import { tracesSystem } from './traces/traces.ts'
import { withoutWriters } from './without-writers.ts'

/** Every system of an environment; each connects, and loads its library, at first use. `scratch`: starts the PostgreSQL that migrations are tried on. `tell`: a word for somebody who waits. */
export const openSystems = (
  environment: Environment,
  clock: Clock,
  signal: AbortSignal,
  scratch: () => Promise<ScratchServer> = noScratch,
  tell?: (what: string) => void,
): Systems & { readonly lease: LeaseStore; readonly seen: ReadonlyMap<string, SeenNode>; readonly close: () => Promise<void> } => {
  const { namespace, redis, database } = environment
  const reach = {
    kubeconfigs: environment.kubeconfig,
    controlPlane: environment.nodes.map(({ address }) => address),
    hostaddr: environment.hostaddr,
  }
  const kube = kubeSystem({ ...reach, clock, signal })
  /** Reached through the cluster, or by what stands in it. */
  const throughCluster = <S extends { readonly reached?: () => Promise<readonly Reached[]> }>(system: S): S => ({
    ...system,
    reached: async () => [...((await kube.reached?.()) ?? []), ...((await system.reached?.()) ?? [])],
  })
  const trust = { hostaddr: environment.hostaddr, ...(environment.ca !== undefined && { caFile: environment.ca }), signal }
  const seen = new Map<string, SeenNode>()
  const nodes = nodesSystem({
    seen,
    ...(environment.ssh.config !== undefined && { configFile: environment.ssh.config }),
    hostnames: new Map(environment.nodes.map(({ alias, hostname }) => [alias, hostname])),
    clock,
    signal,
    ...(tell && { tell }),
  })
  const observed = observabilityOptions({ environment, kube: kube.read, trust })
  const systems: Systems = {
    checkout: checkoutSystem(environment.checkout, environment.kubeconfig),
    kube,
    http: httpSystem(trust),
    cloudflare: cloudflareSystem({
      ...trust,
      zone: environment.cloudflare.zone,
      tokenCommand: environment.cloudflare.token_command,
      token: () =>
        readToken(cloudflareToken, {
          command: environment.cloudflare.token_command,
          variable: process.env[cloudflareToken.variable],
          signal,
        }),
      ...(environment.cloudflare.origin_ca !== undefined && { originCaFile: environment.cloudflare.origin_ca }),
      clock,
    }),
    mail: mailSystem({
      ...trust,
      ...environment.mail,
      password: () => kube.read.secret(namespace, environment.mail.secret, environment.mail.passwordKey),
      passwordOf: {
        namespace,
        secret: environment.mail.secret,
        key: environment.mail.passwordKey,
        kubeconfigs: environment.kubeconfig,
      },
    }),
    apns: apnsSystem({
      ...trust,
      ...environment.apns,
      value: async (name) => (await kube.read.configMap(namespace, database.configMap))?.[name],
      key: () => kube.read.secret(namespace, apnsSecret, apnsKey),
      keyIn: `${namespace}/${apnsSecret}`,
      clock,
    }),
    storage: storageSystem({
      ...trust,
      ...environment.storage,
      value: async (name) => {
        const [stored, config] = await Promise.all([
          kube.read.secret(namespace, environment.storage.secret, name),
          kube.read.configMap(namespace, database.configMap),
        ])
        return stored ?? (config?.[name] === undefined ? undefined : new Secret(config[name]))
      },
      clock,
    }),
    metrics: metricsSystem(observed.metrics),
    traces: tracesSystem(observed.traces),
    neon: neonSystem({ ...trust, ...environment.neon, variable: process.env[neonKey.variable], clock }),
    // The book has two names for the pull secret (ch07, secret-rotation.md): the live api Deployment says which.
    registry: registrySystem({
      ...trust,
      ...environment.registry,
      login:
        environment.registry.login_command &&
        (() => readToken(registryLogin, { command: environment.registry.login_command, variable: undefined, signal })),
      credentials: (host, secret) =>
        secret === undefined
          ? pullCredentials(kube.read, { namespace, deployment: 'api', host })
          : namedCredentials(kube.read, { namespace, secret, host }),
      nodes: async (alias) => {
        await nodes.read.hostname(alias)
        return (target) => nodes.read.forward(alias, target)
      },
    }),
    scratch: scratchSystem(scratch),
    nodes,
    redis: throughCluster(
      redisSystem(
        {
          dial: () =>
            dialThrough(
              () => kube.read.forward({ namespace, deployment: redis.deployment, port: redis.port }),
              `deploy/${redis.deployment} in ${namespace} (port-forward)`,
            ),
          password: () => kube.read.secret(namespace, redis.secret, redis.passwordKey),
          clock,
          signal,
        },
        { namespace, deployment: redis.deployment, kubeconfigs: environment.kubeconfig },
      ),
    ),
    postgres: throughCluster(
      postgresSystem({
        application: async () => {
          const [config, password] = await Promise.all([
            kube.read.configMap(namespace, database.configMap),
            kube.read.secret(namespace, database.secret, 'POSTGRES_PASSWORD'),
          ])
          const target = {
            port: database.port,
            user: database.user,
            database: config?.POSTGRES_DB ?? database.name,
            password: required(password, `${namespace}/${database.secret}`),
          }
          return { direct: { ...target, host: database.direct }, pooler: { ...target, host: database.pooler } }
        },
        ...trust,
        passwordOf: { namespace, secret: database.secret, kubeconfigs: environment.kubeconfig },
      }),
    ),
  }
  // The operators' lease is kept alive on a connection of its own, and given back after Ctrl-C as well.
  const coordination = kubeClient({ ...reach, clock, timeout: seconds(5) })
  return {
    seen,
    lease: kubeLeases(coordination, { namespace, name: environment.lease.name, clock }),
    ...(environment.readonly ? withoutWriters(systems, environment.name) : systems),
    close: async () => {
      await Promise.allSettled([
        systems.redis.close(),
        systems.postgres.close(),
        systems.nodes.close(),
        systems.cloudflare.close(),
        systems.scratch.close(),
      ])
      await systems.kube.close()
      coordination.close()
    },
  }
}

const noScratch = (): Promise<ScratchServer> => Promise.reject(new Error('no private PostgreSQL was given to these systems'))

const required = (password: Secret | undefined, name: string): Secret => {
  if (password) return password
  throw new Unreachable({
    code: 'postgres-no-password',
    failed: `Secret ${name} has no POSTGRES_PASSWORD`,
    cause: 'The environment names another Secret than the one in the cluster',
    next: 'honeydue config:explain',
  })
}
