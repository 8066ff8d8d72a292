import type { KubeObject } from '../../kube-objects.ts'
import type { Secret } from '../../secret.ts'

/** Which cluster answered, for the proof of target. */
export interface Cluster {
  readonly kubeconfig: string
  readonly context: string
  /** The server that answered: the kubeconfig's, or another control-plane node where that one did not. */
  readonly server: string
  readonly fellOver: boolean
}

/** The kubeconfig's current context, as it stands on this machine. */
export interface Credentials {
  readonly kubeconfig: string
  readonly context: string
  readonly server: string
  /** PEM; absent where it says who we are by something else. */
  readonly certificate?: string
}

/** The file on this machine that the cluster is reached by. */
export interface KubeconfigState {
  readonly path: string
  /** Undefined where there is none yet. */
  readonly now?: Credentials & {
    /** PEM. */
    readonly authority?: string
    /** 0o600 for its owner's alone. */
    readonly mode: number
    /** What else is in it: other contexts, and settings that k3s' own has not. */
    readonly beside: readonly string[]
  }
  /** Why it could not be replaced or made. */
  readonly unwritable?: string
}

/** What the server says of whoever asks. */
export interface Rights {
  /** Undefined where the server names nobody: before Kubernetes 1.28. */
  readonly user?: string
  readonly groups?: readonly string[]
  readonly rules: readonly {
    readonly verbs: readonly string[]
    readonly groups: readonly string[]
    readonly resources: readonly string[]
    /** Of these objects alone, where there are any. */
    readonly names: readonly string[]
  }[]
  /** False where an authorizer cannot list what it grants: there may be more. */
  readonly whole: boolean
}

/** One object as it is and as an apply would leave it. */
export interface Applied {
  /** Where the server has objects of this kind and name. */
  readonly path: string
  /** Undefined where there is none. */
  readonly live: KubeObject | undefined
  readonly after: KubeObject
}

/** An object of whatever kind, by where the server has it. */
export interface ByPath {
  readonly path: string
  /** `ServiceAccount honeydue`. */
  readonly object: string
}

/** One field that is to be another. `at`: its keys from the top of the object; a value that is undefined is not there. */
export interface FieldChange {
  readonly at: readonly string[]
  readonly from: unknown
  readonly to: unknown
  /** What must still be so for it to be the change that was planned: the field itself, or what it stands in. */
  readonly test?: { readonly at: readonly string[]; readonly value: unknown }
}

/** A Secret without its values: each is known by a digest that this process alone can make. */
export interface KeptSecret {
  readonly namespace: string
  readonly name: string
  readonly type: string
  readonly resourceVersion: string
  readonly createdAt?: Date
  /** By `honeydue.dev/last-rotated`: a day, as it stands there. */
  readonly lastRotated?: string
  /** By name. */
  readonly keys: readonly KeptKey[]
  /** Keys that it has no more, of which `kubectl apply` left a value in last-applied-configuration. */
  readonly appliedOnly: readonly string[]
}

export interface KeptKey {
  readonly name: string
  readonly digest: string
  /** When it was last written, by the server's own record: of a key that we wrote it is right; of any other it may be that of a key beside it. */
  readonly writtenAt?: Date
  /** The same where our own write was the last. */
  readonly rotatedAt?: Date
  /** Which value of it `kubectl apply` left in last-applied-configuration. */
  readonly applied: 'none' | 'the same' | 'another'
}

/** A Secret of the type kubernetes.io/tls. */
export interface TlsSecret {
  readonly namespace: string
  readonly name: string
  readonly resourceVersion: string
  /** PEM; '' where it has no tls.crt. */
  readonly certificate: string
  readonly key: Secret
  /** By `honeydue.dev/last-rotated`: a day, as it stands there. */
  readonly lastRotated?: string
  /** Which private key `kubectl apply` left in last-applied-configuration. */
  readonly appliedKey: 'none' | 'the same' | 'another'
  /** When its data was last written, by the server's own record. */
  readonly writtenAt?: Date
}
