import type { Duplex, Readable } from 'node:stream'
import type { Duration } from '../../clock.ts'
import type { Node, Pod } from '../../kube-objects.ts'
import type { Later } from '../../later.ts'
import type { Secret } from '../../secret.ts'
import type { ValuePlace } from '../../value-place.ts'
import type { Shown, System } from '../systems.ts'
import type { Applied, ByPath, Cluster, Credentials, FieldChange, KeptSecret, KubeconfigState, Rights, TlsSecret } from './answers.ts'
import type { DeprecatedApi } from './deprecated.ts'
import type { AnyKind, Kind, Kinds } from './kinds.ts'
import type { LogRequest, LogStreamRequest } from './log-request.ts'

export type * from '../../kube-objects.ts'
export type * from './answers.ts'
export type { Kind, Kinds } from './kinds.ts'
export type * from './log-request.ts'

export interface Where {
  readonly namespace?: string
  /** A selector as kubectl's -l takes it. */
  readonly labels?: string
  /** A selector as kubectl's --field-selector takes it. */
  readonly fields?: string
}

/** Failures throw Unreachable (`kube-…`): no kubeconfig, no answer, 401, 403, and what no client can read. */
export interface KubeReader {
  cluster(): Promise<Cluster>
  /** Asks no server. */
  credentials(): Promise<Credentials>
  /** As the file is at this moment. Asks no server. Throws Unreachable (`kube-kubeconfig`) for one that is no kubeconfig. */
  kubeconfigFile(): Promise<KubeconfigState>
  /** Whether a server accepts what the file says at this moment: over a connection of its own. Throws as every question does. */
  accepted(): Promise<boolean>
  /** Who the server takes us for, and what it says that we may do in this namespace. Throws Unreachable. */
  rights(namespace: string): Promise<Rights>
  /** One object; undefined where there is none. */
  get<K extends Kind>(kind: K, name: string, namespace?: string): Promise<Kinds[K] | undefined>
  list<K extends Kind>(kind: K, where?: Where): Promise<readonly Kinds[K][]>
  nodes(): Promise<readonly Node[]>
  /** Versions of APIs that are deprecated, and that somebody has asked the server that answers for since it started. */
  requestedDeprecated(): Promise<readonly DeprecatedApi[]>
  pods(where?: Where): Promise<readonly Pod[]>
  /** How many pods that have not ended each node holds, by its name: without the pods themselves. */
  podsPerNode(): Promise<ReadonlyMap<string, number>>
  /** A ConfigMap's values; undefined where there is none. */
  configMap(namespace: string, name: string): Promise<Readonly<Record<string, string>> | undefined>
  /** One decoded value of a Secret; undefined where there is no such Secret or key. */
  secret(namespace: string, name: string, key: string): Promise<Secret | undefined>
  /** Every decoded value of a Secret; [] where there is none such. */
  secretValues(namespace: string, name: string): Promise<readonly Secret[]>
  /** Every Secret of a namespace, without its values. */
  secrets(namespace: string): Promise<readonly KeptSecret[]>
  /** Every TLS Secret of the cluster, by namespace and name. */
  tlsSecrets(): Promise<readonly TlsSecret[]>
  /** Lines of a log, without the last line break; [] where the container has not started. */
  log(request: LogRequest): Promise<readonly string[]>
  /** The same as a stream with times, which may be read slowly. Unlike `log` it throws Unreachable (`kube-refused`) where the container has not started. */
  streamLog(request: LogStreamRequest): Promise<Readable>
  /** Calls `changed` for each object of a kind that is there, and whenever one changes, until the signal. Resolves when the server ends it, throws Unreachable as `list` does. */
  watch(kind: Kind, where: Where, changed: () => void, signal: AbortSignal): Promise<void>
  /** Waits until no pod matches; false when some are left after `within`. */
  gone(where: Where & { readonly labels: string }, within: Duration): Promise<boolean>
  /** What a server-side apply of this manifest would make of it, as a dry run over whoever owns its fields, beside what there is. Throws as the writer does. */
  applied(manifest: KubeManifest, namespace: string): Promise<Applied>
  /** A port-forward to a ready pod of a Deployment. Throws Unreachable (`kube-no-deployment`, `kube-no-pod`, `kube-forward`). */
  forward(target: { readonly namespace: string; readonly deployment: string; readonly port: number }): Promise<Duplex>
}

export interface Target {
  readonly namespace: string
  readonly name: string
}

/** An object of a namespace, or of the cluster. */
export interface Placed {
  readonly namespace?: string
  readonly name: string
}

/** A Deployment with the selector of its pods, as kubectl's -l takes it. */
export interface Labelled extends Target {
  readonly labels: string
}

/** A node by the name that the cluster has for it. */
export interface NodeTarget {
  readonly node: string
}

/** What is written on a Node by people. */
export interface NodeMarks {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  /** The API has one list of them, which is set as a whole. */
  readonly taints: NonNullable<Node['spec']['taints']>
}

/** Each call changes one object, as field manager `honeydue`. Throws Moved where the object is not as it was planned on, Unreachable as the reader does. */
export interface KubeWriter {
  /** Sets one key that still has the value `from`. */
  setConfigMapValue(target: Target & { readonly key: string; readonly from: string; readonly to: string }): Promise<void>
  /** Adds a key to a ConfigMap that still is of this version. */
  addConfigMapValue(target: Target & { readonly key: string; readonly to: string; readonly resourceVersion: string }): Promise<void>
  /** Takes away a key that still has the value `from`. */
  removeConfigMapValue(target: Target & { readonly key: string; readonly from: string }): Promise<void>
  /** Replaces the pods as `kubectl rollout restart` does, by the Deployment's own strategy. */
  restart(target: Target): Promise<void>
  /** Sets the number of replicas from one to another (done where it is so already), and leaves a note of the first on the Deployment while it is at 0 (`honeydue.dev/replicas`). */
  scale(target: Target & { readonly from: number; readonly to: number }): Promise<void>
  /** Sets the image of containers that still have the image `from`; `places`: JSON Pointers. */
  setImage(target: Target & { readonly places: readonly string[]; readonly from: string; readonly to: string }): Promise<void>
  /** Replaces the pod template of a Deployment, where it still is `from`. */
  setTemplate(target: Target & { readonly from: object; readonly to: object }): Promise<void>
  /** Stops a Deployment's rollout where it is, or lets it go on. */
  setPaused(target: Target & { readonly paused: boolean }): Promise<void>
  /** Creates the migration Job of a manifest, where none of its name is there. `file`, `container`, `image`: how its shell line makes the manifest. */
  runJob(
    target: Target & {
      readonly manifest: KubeManifest
      readonly file: string
      readonly container: string
      readonly image: string
      readonly migratesTo: bigint
    },
  ): Promise<void>
  /** Deletes the one pod with this uid; done where it has gone. `atOnce`: without waiting for its kubelet, of a machine that is gone. */
  removePod(target: Target & { readonly uid: string; readonly atOnce?: true }): Promise<void>
  /** Creates a claim, where none of its name is there. */
  createClaim(target: Target & { readonly manifest: KubeManifest }): Promise<void>
  /** Creates an object of whatever kind, where none of its name is there. */
  createObject(wanted: ByPath & { readonly manifest: KubeManifest }): Promise<void>
  /** Changes fields of an object of whatever kind, each of which still is as it was planned on. */
  changeObject(wanted: ByPath & { readonly changes: readonly FieldChange[] }): Promise<void>
  /** Deletes the one object with this uid. */
  removeObject(wanted: ByPath & { readonly uid: string }): Promise<void>
  /** Deletes the one HorizontalPodAutoscaler with this uid; the replicas stay as it left them. */
  removeAutoscaler(target: Target & { readonly uid: string }): Promise<void>
  /** Deletes the one Job with this uid, and its pods before it. */
  removeJob(target: Target & { readonly uid: string }): Promise<void>
  /** Lets a node take new pods, or not. */
  setUnschedulable(wanted: NodeTarget & { readonly unschedulable: boolean }): Promise<void>
  /** Sets one key of a Secret on the version that was read, notes the day, and drops what `kubectl apply` kept of it. The server's record of the key is its own: nothing else is written under its manager's name. */
  setSecretValue(
    wanted: Target & {
      readonly key: string
      readonly resourceVersion: string
      readonly value: Later<Secret>
      /** A day; without one, the note is taken away. */
      readonly rotated?: string
      /** Where an operator has the value, for the shell line; `around`: what is put before and after it there. */
      readonly file: string
      readonly around?: readonly [before: string, after: string]
      /** The file has a password, and the Secret the line of htpasswd that this user has with it. */
      readonly hashedFor?: string
      /** Another key that is set in the same write. */
      readonly also?: { readonly key: string; readonly value: Later<Secret>; readonly file: string }
    },
  ): Promise<void>
  /** Sets keys of a Secret in one write on the version that was read; without a version, makes it. A key without a value is taken away. */
  setSecretValues(
    wanted: Target & { readonly resourceVersion: string | undefined; readonly type: string; readonly values: readonly PlacedValue[] },
  ): Promise<void>
  /** Deletes the one Node with this uid; k3s takes its member out of etcd with it. */
  removeNode(wanted: NodeTarget & { readonly uid: string }): Promise<void>
  /** Sets these labels and annotations of a Node, and its taints where there are any given: all else stays. */
  markNode(wanted: NodeTarget & NodeMarks): Promise<void>
  /**
   * Evicts what runs on a node but daemons, by the API and each pod by its uid, until it is empty or on its way out. What a budget refuses is asked again
   * within `within`, over all of them. A Deployment of `gently` that is ready nowhere else is rolled out anew instead, so that its next pod is ready before this
   * one ends. Throws Failed (`kube-budget`) with what refuses.
   */
  drain(wanted: NodeTarget & { readonly within: Duration; readonly gently?: readonly Labelled[] }, signal: AbortSignal): Promise<void>
  /** Sets one annotation; without a value, takes it away. Without a namespace: of a Node, for example. */
  annotate(target: Placed & { readonly kind: AnyKind; readonly annotation: string; readonly value?: string }): Promise<void>
  /** Replaces both halves of a TLS Secret in one write on the version that was read, and drops what `kubectl apply` kept of the old key. */
  replaceTlsSecret(
    target: Target & {
      readonly resourceVersion: string
      readonly certificate: Later<string>
      readonly key: Later<Secret>
      /** Where an operator has both, for the shell line. */
      readonly files: { readonly certificate: string; readonly key: string }
    },
  ): Promise<void>
}

/** One key of a Secret with its value, and where an operator has that, for the shell line. */
export interface PlacedValue {
  readonly key: string
  readonly value: Later<Secret> | undefined
  readonly place: ValuePlace
}

/** An object before the server has seen it. */
export interface KubeManifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [field: string]: unknown }
  readonly [field: string]: unknown
}

/** Times in milliseconds. */
export interface KubeProver {
  /** A key of a ConfigMap has this value. */
  value(target: Target & { readonly key: string; readonly value: string }): Shown
  /** There is such an object. */
  isThere(target: Placed & { readonly kind: AnyKind }): Shown
  paused(target: Target & { readonly paused: boolean }): Shown
  annotation(target: Placed & { readonly kind: AnyKind; readonly annotation: string; readonly value: string }): Shown
  /** Every pod of a Deployment is of its present template and ready, as many as it asks for; with `replicas`, it asks for so many. */
  rolledOut(target: Target & { readonly replicas?: number; readonly within: Duration }): Shown
  /** A node takes new pods, or takes none. */
  unschedulable(target: NodeTarget & { readonly unschedulable: boolean }): Shown
  /** A server accepts what the kubeconfig says. */
  accepted(): Shown
  /** The node is Ready, as seen within `within`. */
  nodeReady(target: NodeTarget & { readonly within: Duration }): Shown
  /** Nothing runs on a node but daemons. */
  drained(target: NodeTarget & { readonly within: Duration }): Shown
  /** No pod is left that has not ended for good. */
  noPods(where: { readonly namespace: string; readonly labels: string; readonly within: Duration }): Shown
  /** A TLS Secret has the key of the certificate in a file, in both halves. */
  tlsPair(target: Target & { readonly file: string }): Shown
  /** A key of a Secret is what stands at a place. */
  placedValue(target: Target & { readonly key: string; readonly place: ValuePlace }): Shown
  /** A Secret has no copy of its values in an annotation. */
  noCopy(target: Target): Shown
  /** A key of a Secret is what stands in a file. */
  secretValue(
    target: Target & { readonly key: string; readonly file: string; readonly around?: readonly [before: string, after: string] },
  ): Shown
  /** The object with this uid is gone. */
  another(target: Placed & { readonly kind: AnyKind; readonly uid: string }): Shown
  /** A Job has come to its end, and not with this image. */
  jobOfAnotherImage(target: Target & { readonly image: string }): Shown
}

declare module '../systems.ts' {
  interface Systems {
    readonly kube: System<KubeReader, KubeWriter, KubeProver>
  }
}
