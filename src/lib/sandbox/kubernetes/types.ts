import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** Any Kubernetes object as it travels: JSON, times as RFC 3339 strings. */
export interface KubeObject {
  apiVersion: string
  kind: string
  metadata: Metadata
  [key: string]: unknown
}

export interface Metadata {
  name: string
  namespace?: string
  uid?: string
  resourceVersion?: string
  generation?: number
  creationTimestamp?: string
  deletionTimestamp?: string
  deletionGracePeriodSeconds?: number
  generateName?: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
  finalizers?: string[]
  ownerReferences?: OwnerReference[]
  managedFields?: unknown[]
}

export interface OwnerReference {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}

/** Names a resource as it stands in a path: `{ group: 'apps', resource: 'deployments' }`; the core group is ''. */
export interface ResourceName {
  readonly group: string
  readonly resource: string
}

/** A change that the store has made; `old` is absent for ADDED. */
export interface StoreEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly resource: ResourceName
  readonly object: KubeObject
  readonly old?: KubeObject
}

export interface WriteOptions {
  /** The field manager that `managedFields` will name. */
  readonly manager?: string
  readonly subresource?: string
}

export interface DeleteOptions {
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'
  readonly gracePeriodSeconds?: number
  readonly uid?: string
}

/**
 * The API server as its own controllers, the kubelets and the seeding of a deployment see it: in process and synchronous, but with the same
 * defaulting, validation, optimistic concurrency and field ownership as a call over HTTPS. Failures throw `StatusError`.
 * What is returned is frozen or a copy: change it through `update`, never in place.
 */
export interface Client {
  get(resource: ResourceName, name: string, namespace?: string): KubeObject | undefined
  list(
    resource: ResourceName,
    where?: { readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> },
  ): readonly KubeObject[]
  create(object: KubeObject, options?: WriteOptions): KubeObject
  /** Reads the object, lets `change` edit a draft, and writes it when the draft differs. Undefined when the object is gone. */
  update(
    resource: ResourceName,
    name: string,
    namespace: string | undefined,
    change: (draft: KubeObject) => void,
    options?: WriteOptions,
  ): KubeObject | undefined
  delete(resource: ResourceName, name: string, namespace?: string, options?: DeleteOptions): void
  /** Called synchronously after each change; returns the end of the subscription. */
  watch(listener: (event: StoreEvent) => void): () => void
}

/** What runs inside a container: chosen by the deployment for its images; without one the `honeydue.test/*` annotations decide. */
export type Program = (run: ContainerRun) => Promise<number>

export interface ContainerRun {
  readonly pod: KubeObject
  readonly container: string
  /** The environment as it was resolved from ConfigMaps and Secrets when the container started. */
  readonly env: Readonly<Record<string, string>>
  /** It ran already when the sandbox began: what its process did at its start lies behind it. */
  readonly adopted?: boolean
  /** Writes one line to the container's log. */
  log(line: string): void
  /** What the readiness (and startup) probe would find from now on. */
  ready(is: boolean): void
  /** Aborted when the container is to stop. The promise then resolves with the exit code. */
  readonly signal: AbortSignal
}

export interface NodeSpec {
  readonly name: string
  readonly address: string
  /** False while the machine is down: its lease is no longer renewed and it becomes NotReady after the grace period. */
  up(): boolean
  /** What its kernel calls its present boot: another one has ended every container. */
  boot?(): string
  /** Of its kubelet, as it was started last. */
  version?(): string
  /** Whether it is a member, so that its kubelet registers it where it has no Node. */
  joins?(): boolean
  /** Of its Node, beside what every kubelet sets. */
  readonly labels?: Readonly<Record<string, string>>
}

/** What comes of a pull: the digest that the node then has, and whether its programs are for this kind of machine; or why nothing comes, in containerd's words. */
export type Pulled = { readonly digest: string; readonly runs: boolean } | { readonly refused: string }

/** The images of one registry. */
export interface Images {
  /** The digest that an image had when the deployment began; undefined for one of another registry, which every node has and nobody pulls. */
  first(image: string): string | undefined
  /** As a kubelet asks for this pod. */
  pull(image: string, pod: KubeObject): Promise<Pulled>
}

/** What the deployment plugs into the cluster. */
export interface Workloads {
  readonly images?: Images
  /** The status that a container's server gives for a GET of this path; undefined where nothing is known of it. */
  answers?(pod: KubeObject, container: string, path: string): number | undefined
  program?(pod: KubeObject, container: string): Program | undefined
  /** Where a port-forward to this port of this pod leads; undefined: connection refused. */
  reach?(pod: KubeObject, port: number): { readonly host: string; readonly port: number } | undefined
}

/** Milliseconds; the defaults are those that the recorded contract expects. */
export interface Speed {
  readonly ready: number
  readonly terminate: number
  readonly jobComplete: number
  readonly nodeGrace: number
  /** Until the Deployment controller sees a change: the first answers after it still speak of what was before. */
  readonly observe: number
  /** How many times shorter than in Kubernetes its own waits are: back-off, and how long a pod tolerates a node that is away. */
  readonly faster: number
}

/** A fault that the API server shows for requests it matches, until it is cleared. */
export interface Fault {
  readonly match?: (request: { readonly method: string; readonly path: string; readonly user: string }) => boolean
  /** How many requests it hits; without it, all. */
  readonly times?: number
  readonly delayMs?: number
  /** The request is carried out and only its answer is lost: with 'silence' or 'reset'. */
  readonly after?: boolean
  readonly answer?:
    | 'silence'
    | 'reset'
    | {
        readonly status: number
        readonly reason?: string
        readonly message?: string
        readonly body?: string
        readonly headers?: Readonly<Record<string, string>>
      }
}

export interface KubernetesSandbox {
  readonly url: string
  readonly port: number
  readonly client: Client
  /** Loads objects as a cluster that has been running for long: workloads rolled out, pods ready, nothing pending, no time passing. */
  settle(
    objects: readonly KubeObject[],
    by?: { readonly manager?: string /** RFC 3339; an hour ago where it is not said. */; readonly at?: string },
  ): void
  /** Everything that is stored, for `restore` here or in another cluster of the same nodes; cheap, because objects are immutable. */
  snapshot(): unknown
  /** Ends what runs in pods and forgets what is pending; nothing moves until `restore`. */
  halt(): void
  restore(snapshot: unknown): void
  /** What is stored is as it was then, and what runs in pods follows: etcd was restored. */
  goBack(snapshot: unknown): void
  /** Adds a fault; returns its end. */
  fail(fault: Fault): () => void
  stop(): Promise<void>
}

/** What `startControllers` of controllers/controllers.ts is given. */
export interface ControlPlaneOptions {
  readonly client: Client
  /** The certificate that signs the API server's, for the ConfigMap that every namespace has of it. */
  readonly authority: string
  readonly nodes: readonly NodeSpec[]
  readonly workloads?: Workloads
  readonly speed: Speed
}

/** A request for a subresource of a pod that leads to its kubelet. The API server has authorized it and found the pod. */
export interface KubeletRequest {
  readonly pod: KubeObject
  readonly query: URLSearchParams
}

/** Everything beside the API server: controllers, scheduler, kubelets. Handlers may throw `StatusError`: it becomes the answer. */
export interface ControlPlane {
  /** Answers GET pods/{name}/log; options are already validated as numbers, the container is not. */
  log(request: KubeletRequest, response: ServerResponse): void | Promise<void>
  /** Takes over an upgrade to WebSocket for pods/{name}/exec, attach or portforward. A StatusError thrown before the 101 is answered as one. */
  connect(
    subresource: 'exec' | 'attach' | 'portforward',
    request: KubeletRequest,
    upgrade: { readonly request: IncomingMessage; readonly socket: Duplex; readonly head: Buffer },
  ): void | Promise<void>
  /** POST pods/{name}/eviction: throws 429 when a budget forbids it, otherwise deletes the pod (unless dry). */
  evict(pod: KubeObject, eviction: KubeObject, options: { readonly dryRun: boolean }): void
  /** Brings everything that is stored to rest at once, as if it had run for long. */
  settle(): void
  /** Ends what runs in pods and forgets what was pending; nothing moves until `reset`. */
  halt(): void
  /** Forgets what was pending: the store has been replaced (`restore`). */
  reset(): void
  stop(): void | Promise<void>
}
