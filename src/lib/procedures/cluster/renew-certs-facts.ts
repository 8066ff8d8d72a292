import type { EtcdSurvey } from '../../facts/cluster/etcd.ts'
import type { K3sCertificateSurvey } from '../../facts/cluster/k3s-certificates.ts'
import type { RoundRobinNode } from '../edge/round-robin-facts.ts'

/** What is known of every server, and which of them are restarted. */
export interface RenewCertsFacts {
  readonly servers: readonly RoundRobinNode[]
  readonly aliases: readonly string[]
  readonly certificates: K3sCertificateSurvey
  readonly etcd: EtcdSurvey
  readonly now: Date
}
