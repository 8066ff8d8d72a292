import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { loadEnvironment } from '../environment/load.ts'
import { accessFiles } from './access-files.ts'
import { startApns } from './apns/apns.ts'
import { writeCheckout } from './deployment/checkout.ts'
import { seed } from './deployment/deployment.ts'
import {
  apns as apnsFacts,
  cloudflareHosts,
  fcmHost,
  mailHost,
  neonHost,
  nodes as nodeFacts,
  observability as observabilityFacts,
  registryHost,
  storageHost,
} from './deployment/facts.ts'
import { imagesOf } from './deployment/images.ts'
import { kubeletsOf } from './deployment/kubelets.ts'
import { planted } from './deployment/planted.ts'
import { answers, programs } from './deployment/programs.ts'
import { pulling } from './deployment/pulling.ts'
import { reachability } from './deployment/reachability.ts'
import { startCloudflareApi } from './edge/api/server.ts'
import { startEdge } from './edge/edge.ts'
import { startFcm } from './fcm.ts'
import { startKubernetes } from './kubernetes/kubernetes.ts'
import type { KubernetesSandbox } from './kubernetes/types.ts'
import { whatLasts } from './lasting.ts'
import { startMail } from './mail/mail.ts'
import { startNeon } from './neon/neon.ts'
import { k3sFiles, k3sState } from './nodes/k3s-files.ts'
import { type NodesSandbox, startNodes } from './nodes/nodes.ts'
import { startObservability } from './observability/observability.ts'
import { startPostgres } from './postgres/postgres.ts'
import { startRedis } from './redis/redis.ts'
import { startRegistry } from './registry/registry.ts'
import { startSlowPort } from './slow-port.ts'
import { startStorage } from './storage/storage.ts'
import type { Sandbox, SandboxOptions } from './types.ts'
import { urlsOf } from './urls.ts'

export type { Sandbox, SandboxOptions } from './types.ts'

/** Starts the whole deployment on random ports of 127.0.0.1; several may run at once, and `stop` leaves nothing behind. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const dir = options.dir === undefined ? await mkdtemp(join(tmpdir(), 'honeydue-sandbox-')) : resolve(options.dir)
  const stops: (() => unknown)[] = options.dir === undefined ? [() => rm(dir, { recursive: true, force: true })] : []
  const stop = async () => {
    let first: { readonly error: unknown } | undefined
    for (const end of stops.splice(0).reverse()) {
      try {
        await end()
      } catch (error) {
        first ??= { error }
      }
    }
    if (first) throw first.error
  }
  const stopped = <T extends { stop(): unknown }>(part: T): T => {
    stops.push(() => part.stop())
    return part
  }
  const resets: (() => unknown)[] = []
  /** Takes a system in, to be stopped at the end and put back in the order of these lines; `reset` where it cannot put itself back. */
  function started<T extends { stop(): unknown; reset(): unknown }>(part: T): T
  function started<T extends { stop(): unknown }>(part: T, reset: (part: T) => unknown): T
  function started(part: { stop(): unknown; reset?(): unknown }, reset?: (part: never) => unknown) {
    resets.push(() => (reset ? reset(part as never) : part.reset?.()))
    return stopped(part)
  }
  const { outside } = options
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 })
    const environments = new Map<string, Readonly<Record<string, string>>>()
    const lasting = whatLasts()
    const { authority, originCa } = lasting
    const origin = originCa.first
    const admin = authority.issue({ commonName: 'system:admin', organizations: ['system:masters'] })
    const nextAdmin = authority.issue({ commonName: 'system:admin', organizations: ['system:masters'], days: 366 })
    const checkout = join(dir, 'checkout')
    await writeCheckout(checkout, origin)
    const images = imagesOf(checkout)
    const registry = started(
      await startRegistry({ identity: authority.issue({ commonName: registryHost, names: [registryHost] }), tags: images.tags }),
    )
    const neon = started(await startNeon(authority.issue({ commonName: neonHost, names: [neonHost] })))
    const mail = started(await startMail(authority.issue({ commonName: mailHost, names: [mailHost] })))
    const apns = started(await startApns(authority.issue({ commonName: apnsFacts.host, names: [apnsFacts.host] })))
    const fcm = started(await startFcm(authority.issue({ commonName: fcmHost, names: [fcmHost] })))
    const storage = started(await startStorage(authority.issue({ commonName: storageHost, names: [storageHost] })))
    const observability = started(
      await startObservability({
        identity: authority.issue({ commonName: observabilityFacts.host, names: [observabilityFacts.host, observabilityFacts.grafana] }),
        client: () => kubernetes.client,
        environmentOf: (pod) => environments.get(pod),
      }),
    )
    const redis = started(await startRedis({ password: planted.redisPassword }))
    const postgres = started(
      await startPostgres({
        authority,
        password: planted.postgresPassword,
        ...(options.poolerRelease && { poolerRelease: options.poolerRelease }),
        ...(options.postgresServers && { servers: options.postgresServers }),
      }),
    )
    const reach = reachability(
      () => kubernetes.client,
      { redis: outside?.redis ?? redis.port, postgres: postgres.port, agent: observability.agentPort },
      registry,
    )
    const { delay } = options
    const slow = async (slowed: NodesSandbox) => {
      if (delay !== undefined) for (const { alias } of slowed.nodes) await slowed.fail(alias, { delayMs: 2 * delay })
    }
    const saved = new Map<string, unknown>()
    const nodes = started(
      await startNodes({
        dir,
        nodes: nodeFacts,
        reach: reach.address,
        files: k3sFiles(lasting.k3s, admin, authority.certificate),
        state: k3sState(lasting.k3s, nextAdmin, authority.certificate),
        etcd: {
          saved: (name) => void saved.set(name, kubernetes.snapshot()),
          // Those that were there from the start hold what was there then.
          restored: (name) => kubernetes.goBack(saved.get(name) ?? lasting.settled),
        },
        ...(options.speed && { speed: options.speed }),
      }),
      (part) => part.reset().then(() => slow(part)),
    )
    const kubernetes: KubernetesSandbox = started(
      await startKubernetes({
        authority,
        etcd: nodes.api,
        nodes: kubeletsOf(nodes),
        workloads: {
          program: programs({
            database: postgres,
            images,
            pings: options.warmupPings,
            work: (host, signal) => redis.work(host, signal, options.jobs === true),
            began: (pod, env) => environments.set(pod, env),
            agent: observability,
            ...(outside === undefined && { cache: redis.accepts, startCache: redis.startWith }),
            ...outside,
          }),
          images: pulling(registry, () => kubernetes.client),
          answers,
          reach: reach.pod,
        },
        ...(options.speed ? { speed: options.speed } : {}),
      }),
      (part) => lasting.settled && part.restore(lasting.settled),
    )
    if (lasting.settled === undefined) seed(kubernetes, origin)
    else kubernetes.restore(lasting.settled)
    lasting.settled ??= kubernetes.snapshot()
    stops.push(
      kubernetes.client.watch(({ type, object }) => {
        if (type === 'DELETED' && object.kind === 'Node') nodes.leave(object.metadata.name)
      }),
    )
    const { api, www } = cloudflareHosts
    const cloudflare = started(
      await startCloudflareApi({
        identity: authority.issue({ commonName: api, names: [api, www], addresses: ['127.0.0.1'] }),
        originAuthority: originCa.authority,
        certificates: originCa.certificates,
      }),
    )
    const edge = started(
      await startEdge({
        authority,
        traefik: lasting.traefik,
        originRoot: originCa.authority.certificate,
        client: kubernetes.client,
        nodes,
        state: () => cloudflare.state,
        answered: observability.request,
        ...(options.speed ? { speed: options.speed } : {}),
      }),
    )
    if (options.postgres) await postgres.start()

    const at = async (port: number): Promise<number> => (delay === undefined ? port : stopped(await startSlowPort(port, delay)).port)
    await slow(nodes)
    const ports = {
      kubernetes: await at(kubernetes.port),
      redis: await at(redis.port),
      postgres: await at(postgres.port),
      api: await at(edge.port),
      cloudflare: await at(cloudflare.port),
      registry: await at(registry.port),
      neon: await at(neon.port),
      mail: await at(mail.port),
      storage: await at(storage.port),
      observability: await at(observability.port),
      apns: await at(apns.port),
      fcm: await at(fcm.port),
      // Over UDP.
      names: mail.names.port,
    }
    const urls = urlsOf(ports, join(dir, 'ca.crt'))
    const access = accessFiles({ dir, checkout, ports, urls, authority, originRoot: originCa.authority.certificate, admin })
    access.write()
    const { environment } = loadEnvironment({ asked: join(dir, 'environment.yaml'), env: {}, sandbox: () => undefined })
    return {
      dir,
      kubernetes,
      nodes,
      redis,
      postgres,
      cloudflare,
      registry,
      neon,
      mail,
      apns,
      fcm,
      storage,
      observability,
      originCa,
      edge,
      environment,
      urls,
      environmentOf: (pod) => environments.get(pod),
      async reset() {
        // First what runs in pods: it would go on in the systems while they are put back, and leave a lock in them for example.
        kubernetes.halt()
        await writeCheckout(checkout, origin)
        access.write()
        for (const again of resets) await again()
      },
      stop,
    }
  } catch (error) {
    await stop().catch(() => {})
    throw error
  }
}
