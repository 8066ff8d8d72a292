import { type CertificateFacts, readCertificate } from '../../certificates.ts'
import type { Credentials, KubeReader } from '../../systems/kube/types.ts'
import type { NodesReader } from '../../systems/nodes/types.ts'
import { type Answer, answer } from '../answer.ts'

/** From so many days on a start of k3s renews a certificate (1.33.1 and later). */
export const renewedWithin = 120

/** A certificate that k3s keeps on a node. */
export interface K3sCertificateFacts {
  /** Below k3s' own folder. */
  readonly file: string
  readonly facts: CertificateFacts
  /** An authority's lasts ten years, and k3s renews it never. */
  readonly authority: boolean
}

export interface K3sCertificateSurvey {
  readonly nodes: ReadonlyMap<string, Answer<readonly K3sCertificateFacts[]>>
  readonly kubeconfig: Answer<Credentials & { readonly facts?: CertificateFacts }>
}

/** Asks every node over SSH at once, and reads the operator's own kubeconfig; no API server is asked. */
export const surveyK3sCertificates = async (
  aliases: readonly string[],
  nodes: Pick<NodesReader, 'k3sCertificates'>,
  kube: Pick<KubeReader, 'credentials'>,
): Promise<K3sCertificateSurvey> => {
  const [found, kubeconfig] = await Promise.all([
    Promise.all(aliases.map(async (alias) => [alias, await answer(nodes.k3sCertificates(alias).then(readAll))] as const)),
    answer(kube.credentials().then(withFacts)),
  ])
  return { nodes: new Map(found), kubeconfig }
}

/** With what stands in them, and what ends first before the others. */
export const readAll = (found: Awaited<ReturnType<NodesReader['k3sCertificates']>>): readonly K3sCertificateFacts[] =>
  found
    .flatMap(({ file, certificate }) => {
      const facts = readCertificate(certificate)
      return facts ? [{ file, facts, authority: /-ca(?:\.nochain)?\.crt$/.test(file) }] : []
    })
    .sort((one, other) => one.facts.notAfter.getTime() - other.facts.notAfter.getTime())

const withFacts = (found: Credentials) => {
  const facts = readCertificate(found.certificate)
  return { ...found, ...(facts && { facts }) }
}
