export const scenarios: readonly string[]
export function check(
  name: string,
  kubeconfig: string,
): Promise<{
  readonly seen: readonly { readonly title: string; readonly differences: readonly string[] }[]
  readonly recorded: number
  readonly stopped: string | undefined
}>
