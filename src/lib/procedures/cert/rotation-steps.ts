import { readCertificate, shortFingerprint } from '../../certificates.ts'
import { type Duration, minutes, seconds } from '../../clock.ts'
import { Failed, reasonOf } from '../../errors.ts'
import { originBase } from '../../facts/cert/places.ts'
import { servesEverywhere } from '../../facts/cert/served-otherwise.ts'
import { pairOf, readFiles, readServedNames } from '../../facts/cert/survey.ts'
import { writable } from '../../facts/checkout/writable.ts'
import { dayOfRotation } from '../../facts/secrets/day-of-rotation.ts'
import { later } from '../../later.ts'
import { lastRotatedNote } from '../../notes.ts'
import { pairFiles } from '../../pair-files.ts'
import { every, type Finding, fails, holds, when } from '../../plan/finding.ts'
import type { Change, Gate, Proof } from '../../plan/procedure.ts'
import { both } from '../../plan/shown.ts'
import { type ShellLine, sh } from '../../shell.ts'
import { spoken } from '../../spoken.ts'
import type { TlsSecret } from '../../systems/kube/types.ts'
import type { Provers, Readers, Shown } from '../../systems/systems.ts'
import { isCertificateTrouble, namesAnswering, throughTheEdge } from './edge-answers.ts'
import type { RotationFacts, RotationSystems } from './rotation-facts.ts'

type Step = Change<RotationSystems>
type Look = Readers<RotationSystems>

const files = pairFiles(originBase)
const oldOf = ({ old }: RotationFacts): string => (old ? shortFingerprint(old.fingerprint) : 'none')

/** The files hold the new pair, and nothing is on its way any more. */
const placed = async ({ next }: RotationFacts, { checkout }: Look): Promise<boolean> => {
  const [{ certificate, keyFits }, request] = await Promise.all([readFiles(checkout), checkout.text(files.newRequest)])
  return certificate?.publicKey === next.publicKey && keyFits && request === undefined
}

export const keepKey = (facts: RotationFacts): Step => ({
  title: 'Write a new key and its request beside the pair',
  effect: [{ what: files.newKey, before: 'absent', after: 'a new EC P-256 key, for this user alone' }],
  check: async (look) => every([facts.against, await writable(look, [files.newKey, files.newRequest])]),
  apply: (write) => write.checkout.keepNewKey({ ...facts.next, base: originBase, commonName: facts.zone }),
  verify: async (look) => {
    if (await placed(facts, look)) return holds
    const request = await look.checkout.text(files.newRequest)
    return when(request !== undefined && request === facts.next.csr, `${files.newRequest} is not there`)
  },
  shows: (prove) => prove.checkout.newKey({ base: originBase }),
  undo: (write) => write.checkout.dropNewKey({ base: originBase }),
})

export const sign = (facts: RotationFacts): Step => {
  const { names, days, next, folder } = facts
  const find = async ({ cloudflare }: Look) =>
    (await cloudflare.originCertificates()).find(({ certificate }) => readCertificate(certificate)?.publicKey === next.publicKey)
  return {
    title: 'Have the Origin CA sign the request',
    effect: [{ what: 'Origin CA certificate of the new key', before: 'none', after: `${names.join(', ')} for ${days} days` }],
    unknown: 'whether the token may write is known only by trying',
    check: async () => facts.against,
    apply: (write) =>
      write.cloudflare.createOriginCertificate({
        csr: next.csr,
        names,
        days,
        key: 'ec',
        files: { request: `${folder}/${files.newRequest}`, certificate: `${folder}/${files.newCertificate}` },
      }),
    verify: async (look) => when((await find(look)) !== undefined, 'Cloudflare lists no certificate of the new key'),
    shows: (prove) => prove.checkout.signed({ base: originBase }),
    undo: async (write, look) => {
      const found = await find(look)
      if (found) await write.cloudflare.revokeOriginCertificate({ id: found.id })
    },
  }
}

export const place = (facts: RotationFacts): Step => ({
  title: 'Put the new pair in the place of the old',
  effect: [
    { what: files.certificate, before: oldOf(facts), after: 'the new certificate' },
    { what: files.oldCertificate, before: 'an earlier one, or none', after: oldOf(facts) },
  ],
  check: async (look) => every([facts.against, await writable(look, [files.certificate, files.key, files.oldCertificate, files.oldKey])]),
  apply: (write) => write.checkout.placePair({ base: originBase, certificate: facts.nextCertificate }),
  verify: async (look) => when(await placed(facts, look), `${files.certificate} is not the new certificate`),
  shows: (prove) => prove.checkout.pair({ base: originBase }),
  undo: (write) => write.checkout.restorePair({ base: originBase }),
})

const liveSecret = async ({ secret }: RotationFacts, { kube }: Look): Promise<TlsSecret> => {
  const found = (await kube.tlsSecrets()).find(({ namespace, name }) => namespace === secret.namespace && name === secret.name)
  if (found) return found
  throw new Failed({ code: 'cert-no-secret', failed: `Secret ${secret.namespace}/${secret.name} is gone`, next: 'honeydue cert:status' })
}

const servedEverywhere = ({ aliases, places }: RotationFacts, { nodes }: Look, publicKey: string): Promise<Finding> =>
  servesEverywhere(aliases, places.hosts, nodes, publicKey)

export const replaceSecret = (facts: RotationFacts): Step => {
  const { secret, next, clock, folder } = facts
  const { namespace, name } = secret
  const { certificate: before } = pairOf(secret.certificate, secret.key)
  const target = { namespace, name, files: { certificate: `${folder}/${files.certificate}`, key: `${folder}/${files.key}` } }
  return {
    title: `Replace both halves of Secret ${namespace}/${name}`,
    effect: [{ what: 'tls.crt', before: before ? shortFingerprint(before.fingerprint) : 'no certificate', after: 'the new certificate' }],
    check: async () => facts.against,
    apply: (write) =>
      write.kube.replaceTlsSecret({
        ...target,
        resourceVersion: secret.resourceVersion,
        certificate: facts.nextCertificate,
        key: facts.nextKey,
      }),
    verify: async (look) => {
      const live = await liveSecret(facts, look)
      const pair = pairOf(live.certificate, live.key)
      return when(pair.certificate?.publicKey === next.publicKey && pair.keyFits, 'the Secret does not hold the new pair')
    },
    shows: (prove) => prove.kube.tlsPair({ namespace, name, file: target.files.certificate }),
    // The new certificate may be revoked only once no node serves it any more: the undo of its signing follows this one.
    undo: async (write, look, signal) => {
      const { resourceVersion } = await liveSecret(facts, look)
      await write.kube.replaceTlsSecret({
        ...target,
        resourceVersion,
        certificate: later(async () => secret.certificate),
        key: later(async () => secret.key),
      })
      const end = clock.now().getTime() + reloadsWithin
      for (;;) {
        const served = await servedNowhere(facts, look).catch((error: unknown) => fails(reasonOf(error)))
        if (served.ok) return
        if (clock.now().getTime() > end)
          throw new Failed({ code: 'cert-not-served', failed: `The old pair is back, but ${served.because}` })
        await clock.sleep(seconds(1), signal)
      }
    },
  }
}

/** What was there before may be what no node can serve: it is enough that the new one is gone. */
const servedNowhere = async ({ aliases, places, next }: RotationFacts, { nodes }: Look): Promise<Finding> => {
  const asked = await Promise.all(
    aliases.map(async (alias) => {
      const served = [...(await readServedNames(nodes, alias, places.hosts)).values()]
      return when(!served.some((found) => found?.publicKey === next.publicKey), `${alias} still serves the new one`)
    }),
  )
  return every(asked)
}

/** Traefik reloads by itself within seconds; after this a node is named. */
const reloadsWithin: Duration = seconds(90)

const servedShown = ({ aliases, places, folder }: RotationFacts, { nodes }: Provers<'nodes'>): Shown =>
  nodes.serves({ aliases, names: places.hosts, certificate: `${folder}/${files.certificate}`, within: reloadsWithin })

export const servedByAll = (facts: RotationFacts): Proof<RotationSystems> => ({
  title: 'Every node serves the new certificate for every name',
  onlyAfterwards: true,
  holds: (look) => servedEverywhere(facts, look, facts.next.publicKey),
  within: reloadsWithin,
  shows: (prove) => servedShown(facts, prove),
})

export const answersThroughTheEdge = (facts: RotationFacts): Proof<RotationSystems> => ({
  title: 'Every public name answers through the edge',
  ...([...facts.statuses.values()].some(isCertificateTrouble) && { onlyAfterwards: true as const }),
  holds: (look) => throughTheEdge(facts.places.hosts, look.http),
  within: seconds(30),
  shows: (prove) => namesAnswering(facts.places.hosts, prove),
})

export const noteRotation = (facts: RotationFacts): Step => {
  const { secret, next, clock } = facts
  const { namespace, name, lastRotated: before } = secret
  const { today, noted } = dayOfRotation(clock, before)
  const annotation = { kind: 'Secret' as const, namespace, name, annotation: lastRotatedNote }
  return {
    title: 'Note the day of the rotation on the Secret',
    effect: [noted],
    apply: (write) => write.kube.annotate({ ...annotation, value: today }),
    verify: async (look) => {
      const live = await liveSecret(facts, look)
      const { certificate } = pairOf(live.certificate, live.key)
      const since = certificate?.publicKey === next.publicKey ? certificate.notBefore.toISOString().slice(0, 10) : today
      return when(live.lastRotated !== undefined && live.lastRotated >= since, `${lastRotatedNote} is ${live.lastRotated ?? 'absent'}`)
    },
    shows: (prove) => prove.kube.annotation({ ...annotation, value: today }),
    undo: (write) => write.kube.annotate({ ...annotation, ...(before !== undefined && { value: before }) }),
  }
}

const servedAndAnswering = async (facts: RotationFacts, look: Look): Promise<Finding> =>
  every(await Promise.all([servedEverywhere(facts, look, facts.next.publicKey), throughTheEdge(facts.places.hosts, look.http)]))

const servedAndAnsweringShown = (facts: RotationFacts, prove: Provers<RotationSystems>): Shown =>
  both(servedShown(facts, prove), namesAnswering(facts.places.hosts, prove))

/** A wait, with a word before it. */
const soaking = (soak: Duration): readonly ShellLine[] =>
  soak === 0 ? [] : [sh`echo ${`Waiting ${spoken(soak)}`} >&2`, sh`sleep ${Math.ceil(soak / seconds(1))}`]

/** Time by the cluster's own record of the Secret's last write, so that a run that goes on need not wait again. */
export const soaked = (facts: RotationFacts): Proof<RotationSystems> => ({
  title: `It is served for ${spoken(facts.soak)}, and every name answers`,
  onlyAfterwards: true,
  holds: async (look) => {
    const { writtenAt } = await liveSecret(facts, look)
    const over = (writtenAt?.getTime() ?? 0) + facts.soak - facts.clock.now().getTime()
    if (over > 0) return fails(`${Math.ceil(over / seconds(1))} s of the soak are left`)
    return servedAndAnswering(facts, look)
  },
  within: facts.soak + minutes(2),
  shows: (prove) => both({ lines: soaking(facts.soak) }, servedAndAnsweringShown(facts, prove)),
})

/** The end of the old certificate, which nothing takes back: its fingerprint is typed after the soak, and what is served is looked at once more. */
export const revoke = (facts: RotationFacts): readonly (Step | Gate<RotationSystems> | Proof<RotationSystems>)[] => {
  const { old, names, soak } = facts
  if (!old || facts.keepOld) return []
  const gone = async ({ cloudflare }: Look) =>
    when(!(await cloudflare.originCertificates()).some(({ id }) => id === old.id), 'Cloudflare still lists the old certificate')
  return [
    {
      title: 'Type the old fingerprint, for it to be revoked',
      ask: `The soak of ${spoken(soak)} is over. Revoking ${shortFingerprint(old.fingerprint)} (${names.join(', ')}) cannot be taken back.`,
      typed: true,
      needless: gone,
    },
    {
      title: 'Every node serves the new one still, and every name answers',
      onlyAfterwards: true,
      holds: (look) => servedAndAnswering(facts, look),
      shows: (prove) => servedAndAnsweringShown(facts, prove),
    },
    {
      title: `Revoke the old certificate ${shortFingerprint(old.fingerprint)}`,
      effect: [{ what: `Origin CA certificate ${shortFingerprint(old.fingerprint)}`, before: 'valid', after: 'revoked' }],
      unknown: 'when a revocation takes effect is not documented',
      apply: (write) => write.cloudflare.revokeOriginCertificate({ id: old.id }),
      verify: gone,
      shows: (prove) => prove.cloudflare.notListed({ id: old.id }),
      undo: { impossible: 'Cloudflare takes no revocation back; the certificate would have to be signed anew' },
    },
  ]
}
