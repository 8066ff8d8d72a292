import type { Agent } from 'node:http'
import type { Clock } from '../../clock.ts'
import { type Loaded, loadKubeconfig } from '../../environment/kubeconfig.ts'
import { agentFor } from './agent.ts'
import { type Authenticate, authenticator } from './credentials.ts'

/** A kubeconfig with all that its requests share. */
export interface Connected {
  readonly loaded: Loaded
  readonly authenticate: Authenticate
  readonly agent: Agent
  readonly hostaddr: Readonly<Record<string, string>> | undefined
}

export const connect = async (options: {
  readonly kubeconfigs: readonly string[]
  readonly hostaddr?: Readonly<Record<string, string>>
  readonly clock: Clock
  readonly signal?: AbortSignal
}): Promise<Connected> => {
  const loaded = await loadKubeconfig(options.kubeconfigs)
  return { loaded, authenticate: authenticator(loaded, options), agent: await agentFor(loaded), hostaddr: options.hostaddr }
}
