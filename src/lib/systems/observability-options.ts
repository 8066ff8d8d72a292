import type { Environment } from '../environment/schema.ts'
import type { Secret } from '../secret.ts'
import type { Trust } from './https.ts'
import type { KubeReader } from './kube/types.ts'
import type { MetricsOptions } from './metrics/metrics.ts'
import { grafanaToken, observabilityToken, readToken, type TokenKind } from './token.ts'
import type { TracesOptions } from './traces/traces.ts'

interface Given {
  readonly environment: Environment
  readonly kube: KubeReader
  readonly trust: Trust & { readonly signal: AbortSignal }
}

/** How metrics and traces of an environment are asked: both with the same token, or with none. */
export const observabilityOptions = ({
  environment,
  kube,
  trust,
}: Given): { readonly metrics: MetricsOptions; readonly traces: TracesOptions } => {
  const { namespace, observability: own } = environment
  const ingestToken = () => kube.secret(namespace, own.secret, own.tokenKey)
  const printed = (kind: TokenKind, command: readonly string[]) => readToken(kind, { command, variable: undefined, signal: trust.signal })
  let read: Promise<Secret> | undefined
  /** The live token goes to whoever has it already, and to nobody else. */
  const letsRead = async (url: URL): Promise<Secret | undefined> => {
    if (own.token_command !== undefined) {
      read ??= printed(observabilityToken, own.token_command)
      return read
    }
    return url.origin === new URL(own.write).origin ? ingestToken() : undefined
  }
  const { grafana_token_command: grafanaCommand } = own
  return {
    metrics: {
      ...trust,
      ...own,
      ingestToken,
      readToken: letsRead,
      grafanaToken: grafanaCommand && (() => printed(grafanaToken, grafanaCommand)),
      openAgent: () => kube.forward({ namespace, deployment: own.agent, port: own.agentPort }),
    },
    traces: { ...trust, ...own, readToken: letsRead },
  }
}
