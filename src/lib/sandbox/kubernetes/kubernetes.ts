import { type KubernetesOptions, startApiServer } from './api-server.ts'
import { startControllers } from './controllers/controllers.ts'
import type { KubernetesSandbox } from './types.ts'

/** Starts a Kubernetes control plane on loopback: the API server of this folder, and on top of it controllers, scheduler and kubelets. */
export const startKubernetes = (options: KubernetesOptions): Promise<KubernetesSandbox> => startApiServer(options, startControllers)
