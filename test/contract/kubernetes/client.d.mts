/** Clients of one cluster, by the kubeconfig of its administrator. */
export function connect(kubeconfig: string): {
  admin(method: string, path: string, options?: { readonly body?: unknown }): Promise<{ readonly status: number; readonly body: unknown }>
  close(): void
}
