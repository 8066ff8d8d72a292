import type { Duplex } from 'node:stream'
import type { Secret } from '../../environment/secret.ts'
import type { System } from '../systems.ts'

/** Any object as the API server sends it; times are RFC 3339 strings, and no field is dropped. */
export interface KubeObject {
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly uid?: string
    readonly resourceVersion?: string
    readonly creationTimestamp?: string
    readonly deletionTimestamp?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly [field: string]: unknown
}

export interface Node extends KubeObject {
  readonly spec: { readonly unschedulable?: boolean }
  readonly status: {
    readonly addresses?: readonly { readonly type: string; readonly address: string }[]
    readonly conditions?: readonly { readonly type: string; readonly status: string }[]
    readonly nodeInfo: { readonly kubeletVersion: string }
  }
}

export interface Pod extends KubeObject {
  readonly spec: { readonly nodeName?: string }
  readonly status: { readonly phase: string; readonly conditions?: readonly { readonly type: string; readonly status: string }[] }
}

/** Which cluster answered, for the proof of target. */
export interface Cluster {
  readonly kubeconfig: string
  readonly context: string
  /** The server that answered: the kubeconfig's, or another control-plane node where that one did not. */
  readonly server: string
  readonly fellOver: boolean
}

/** Failures throw Unreachable (`kube-…`): no kubeconfig, no answer, 401, 403, and what no client can read. */
export interface KubeReader {
  cluster(): Promise<Cluster>
  nodes(): Promise<readonly Node[]>
  /** Pods of a namespace, or of all; `labels` as a selector. */
  pods(where?: { readonly namespace?: string; readonly labels?: string }): Promise<readonly Pod[]>
  /** A ConfigMap's values; undefined where there is none. */
  configMap(namespace: string, name: string): Promise<Readonly<Record<string, string>> | undefined>
  /** One decoded value of a Secret; undefined where there is no such Secret or key. */
  secret(namespace: string, name: string, key: string): Promise<Secret | undefined>
  /** A port-forward to a ready pod of a Deployment. Throws Unreachable (`kube-no-deployment`, `kube-no-pod`, `kube-forward`). */
  forward(target: { readonly namespace: string; readonly deployment: string; readonly port: number }): Promise<Duplex>
}

/** No command writes to Kubernetes yet. */
export type KubeWriter = Readonly<Record<never, never>>

declare module '../systems.ts' {
  interface Systems {
    kube: System<KubeReader, KubeWriter>
  }
}
