import { counted } from '../../counted.ts'
import { clipped } from '../../facts/cluster/clipped.ts'
import type { Observation } from '../../plan/report.ts'
import { sh, words } from '../../shell.ts'
import type { Sick } from './gather.ts'

/** Causes stand at the end of long sentences: so much of one is shown, and its middle left out. */
export const causeLength = 200

/** Pods of one workload that are not well for one reason. */
export const groupsOf = (pods: readonly Sick[]): readonly (readonly Sick[])[] => {
  const groups = new Map<string, Sick[]>()
  for (const pod of pods) {
    const key = [pod.namespace, pod.owner, pod.reason].join('\0')
    const group = groups.get(key)
    if (group) group.push(pod)
    else groups.set(key, [pod])
  }
  return [...groups.values()]
}

/** Of what the pod's status, its events and its log say, what tells the cause. */
const causeOf = ({ lastLine, message, event, reason, ending }: Sick): string | undefined => {
  // "back-off 40s restarting failed container" is only the consequence of what the log says.
  if (reason === 'CrashLoopBackOff') return lastLine ?? ending ?? event ?? message
  // A probe that is refused says more than a log that goes on as ever.
  if (reason === 'NotReady' || reason === 'Starting')
    return event && lastLine ? `${event}; its log: ${lastLine}` : (event ?? lastLine ?? message)
  // What keeps a container from its next start is no word of the one that ran before.
  if (message === undefined) return lastLine ?? ending ?? event
  return event !== undefined && event.length > (message?.length ?? 0) ? event : message
}

/** "a pod is CrashLoopBackOff (3 restarts, last Error (1)): panic: …". */
export const groupSaid = (group: readonly Sick[]): string => {
  const first = speakerOf(group)
  if (!first) return ''
  const why = causeOf(first)
  const restarts = Math.max(...group.map((one) => one.restarts))
  // What it is now, it need not be said to have been last.
  const last = first.last === undefined || first.last.startsWith(`${first.reason} (`) ? [] : [`last ${first.last}`]
  const details = [...(restarts > 0 ? [counted(restarts, 'restart')] : []), ...last]
  const many = group.length === 1 ? 'a pod' : `${group.length} pods`
  const who = first.oneOfSeveral ? `container ${first.container} of ${many} is` : `${many} ${group.length === 1 ? 'is' : 'are'}`
  return `${who} ${first.reason}${details.length > 0 ? ` (${details.join(', ')})` : ''}${why ? `: ${clipped(why, causeLength)}` : ''}`
}

const speakerOf = (group: readonly Sick[]): Sick | undefined =>
  group.find(({ lastLine }) => lastLine !== undefined) ?? group.find((one) => causeOf(one) !== undefined) ?? group[0]

/** The command that shows more of them. */
export const groupNext = (group: readonly Sick[]): string | undefined => {
  const first = speakerOf(group)
  if (!first) return undefined
  const { namespace, pod, log } = first
  const more = ['-n', namespace, ...(log === 'previous' ? ['--previous'] : [])]
  return log ? sh`honeydue logs ${words([`pod/${pod}`, ...more])} --tail 50` : sh`kubectl -n ${namespace} describe pod ${pod}`
}

/** Pods that no workload below its replicas tells of. */
export const podFinding = (group: readonly Sick[]): Observation[] => {
  const [first] = group
  const next = groupNext(group)
  return first
    ? [
        {
          level: first.wrong ? 'wrong' : 'warning',
          text: `${first.owner} in ${first.namespace}: ${groupSaid(group)}`,
          ...(next !== undefined && { next }),
        },
      ]
    : []
}
