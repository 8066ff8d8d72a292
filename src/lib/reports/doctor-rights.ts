import { atMost, type Clock, seconds } from '../clock.ts'
import { few } from '../counted.ts'
import { reasonOf, Trouble } from '../errors.ts'
import { answer } from '../facts/answer.ts'
import { lackedByRight, lackedOf, readingRights, rightsOf, rightWords } from '../facts/cluster/rights.ts'
import { sh } from '../shell.ts'
import type { Readers } from '../systems/systems.ts'
import type { Check } from './doctor-check.ts'

/** A system that is away must not hold up what is told of this machine. */
const patience = seconds(10)

const asked = async <T>(
  clock: Clock,
  work: Promise<T>,
): Promise<{ readonly value: T } | { readonly because: string; readonly next?: string }> => {
  const found = await atMost(clock, patience, answer(work))
  if (!found) return { because: `no answer within ${patience / 1000} s` }
  if (found.answered) return { value: found.value }
  const { error } = found
  const next = error instanceof Trouble ? error.next : undefined
  return { because: reasonOf(error), ...(next !== undefined && { next }) }
}

/** A few by name, the others counted: the whole list is in the JSON document. */
const some = (ids: readonly string[]): string => (ids.length === Object.keys(rightsOf).length ? 'every procedure' : few(ids, 4))

/** Whom the cluster takes us for, and which procedures would be refused by it. */
export const clusterRights = async (kube: Readers<'kube'>['kube'], namespace: string, clock: Clock): Promise<readonly Check[]> => {
  const title = 'Kubernetes API'
  const found = await asked(clock, kube.rights(namespace))
  if ('because' in found) return [{ title, ok: false, unreached: true, because: found.because, next: found.next ?? 'kubectl auth whoami' }]
  const rights = found.value
  const who = rights.user === undefined ? 'somebody that the server does not name' : rights.user
  const groups = (rights.groups ?? []).filter((group) => group !== 'system:authenticated')
  const me = `${who}${groups.length > 0 ? ` (${groups.join(', ')})` : ''}`
  const reading = lackedOf(rights, readingRights)
  const lacked = lackedByRight(rights)
  // An authorizer that cannot list what it grants may grant more than it lists.
  if (!rights.whole) return [{ title, ok: true, found: `it takes us for ${me}; which rights that gives, it cannot list` }]
  return [
    {
      title,
      ok: true,
      found: `it takes us for ${me}${lacked.length + reading.length === 0 ? ', who may do all that the procedures need' : ''}`,
    },
    ...(reading.length === 0
      ? []
      : [
          {
            title: 'right to look',
            ok: false as const,
            because: `${who} may not ${reading.map(rightWords).join(', ')}: reports will lack that`,
            next: sh`kubectl auth can-i --list -n ${namespace}`,
          },
        ]),
    ...lacked.map(({ right, procedures }) => {
      const words = rightWords(right)
      const [verb = '', what = ''] = words.split(' ')
      return {
        title: `right to ${words}`,
        ok: false as const,
        because: `${who} has it not in ${namespace}: ${some(procedures)} would be refused`,
        next: sh`kubectl auth can-i ${verb} ${what} -n ${namespace}`,
      }
    }),
  ]
}

/** What the two tokens may read. Whether they may also write, no API tells of a token without changing something. */
export const tokens = async ({ cloudflare, neon }: Readers<'cloudflare' | 'neon'>, clock: Clock): Promise<readonly Check[]> => {
  const [zone, records, certificates, lacking] = await Promise.all([
    asked(clock, cloudflare.zone()),
    asked(clock, cloudflare.addresses()),
    asked(clock, cloudflare.originCertificates()),
    asked(clock, neon.lacking()),
  ])
  const branches = 'value' in lacking && lacking.value === undefined ? await asked(clock, neon.branches()) : undefined
  const parts = [
    { what: 'Zone – Read', for: 'edge:*, cert:*', found: zone },
    { what: 'DNS – Read', for: 'edge:status, edge:drain, edge:restore', found: records },
    { what: 'SSL and Certificates – Read', for: 'cert:status, cert:rotate', found: certificates },
  ]
  const reasons = parts.flatMap(({ found }) => ('because' in found ? [found] : []))
  const [first] = reasons
  return [
    reasons.length === parts.length && first
      ? {
          title: 'Cloudflare token',
          ok: false,
          because: `${first.because}: edge:* and cert:* need it`,
          next: first.next ?? 'honeydue config:explain',
        }
      : {
          title: 'Cloudflare token',
          ok: true,
          found: `reads ${parts.flatMap(({ what, found }) => ('value' in found ? [what] : [])).join(', ')}; that it may edit is known only by doing it`,
        },
    ...(reasons.length === parts.length
      ? []
      : parts.flatMap(({ what, for: used, found }): readonly Check[] =>
          'because' in found
            ? [
                {
                  title: `Cloudflare ${what}`,
                  ok: false,
                  because: `${found.because}: ${used} need it`,
                  next: found.next ?? 'honeydue config:explain',
                },
              ]
            : [],
        )),
    neonCheck(lacking, branches),
  ]
}

type Asked<T> = { readonly value: T } | { readonly because: string; readonly next?: string }

const neonCheck = (lacking: Asked<string | undefined>, branches: Asked<readonly unknown[]> | undefined): Check => {
  const title = 'Neon key'
  if (branches && 'value' in branches) return { title, ok: true, found: `reads the project: ${branches.value.length} branches` }
  // Only restore points need it: that there is none is no fault of this machine.
  if ('value' in lacking && lacking.value !== undefined)
    return { title, ok: true, found: `not here (${lacking.value}): db:restore-point needs it, nothing else does` }
  const because = branches && 'because' in branches ? branches : 'because' in lacking ? lacking : { because: 'it is not known' }
  return { title, ok: false, because: `${because.because}: db:restore-point needs it`, next: 'honeydue config:explain' }
}

/** Whether root may be asked on each node: for its firewall, its reboot, k3s' own certificates. */
export const sudoOn = async (aliases: readonly string[], nodes: Readers<'nodes'>['nodes'], clock: Clock): Promise<readonly Check[]> => {
  const all = await Promise.all(
    aliases.map(async (alias) => ({
      alias,
      boot: await asked(clock, nodes.boot(alias)),
      firewall: await asked(clock, nodes.firewall(alias)),
    })),
  )
  return all.flatMap(({ alias, boot, firewall }): readonly Check[] => {
    const title = `root on ${alias}`
    // Who does not answer at all is told above.
    if ('because' in boot) return []
    const refused = [
      ...('because' in firewall ? [`${firewall.because}: firewall:* need it`] : []),
      ...(boot.value.refused === undefined ? [] : [`systemctl reboot: ${boot.value.refused}: nodes:reboot needs it`]),
    ]
    return refused.length === 0
      ? [{ title, ok: true, found: 'sudo, or root itself: its firewall is read, its reboot allowed' }]
      : [{ title, ok: false, because: refused.join('; '), next: sh`ssh ${alias} sudo -l` }]
  })
}
