import { k3sVersionOf } from '../../k3s-version.ts'
import { beforeRebootNote } from '../../notes.ts'
import { every, type Finding, fails } from '../../plan/finding.ts'
import type { Node } from '../../systems/kube/types.ts'

/** How a node was before it was taken out of service for a reboot, or an update. */
export interface BeforeReboot {
  readonly cordoned: boolean
  /** Public names that led to it. */
  readonly names: readonly string[]
  /** The kernel's id of the boot that is to end. */
  readonly boot: string
  /** It was taken out by nodes:update. */
  readonly update?: true
  /** It was taken out by cluster:upgrade, for this release of k3s. */
  readonly upgrade?: string
}

/** What it was taken out for, in a word. */
export const begunAs = ({ update, upgrade }: Pick<BeforeReboot, 'update' | 'upgrade'>): string =>
  upgrade !== undefined ? 'an upgrade of k3s on' : update === true ? 'an update of' : 'a reboot of'

/** What the annotation of the Node says; undefined where there is none, or one that says nothing. */
export const beforeRebootOf = ({ metadata }: Pick<Node, 'metadata'>): BeforeReboot | undefined => {
  const text = metadata.annotations?.[beforeRebootNote]
  if (text === undefined) return undefined
  try {
    const said = JSON.parse(text) as Partial<BeforeReboot> | null
    const { cordoned, boot, names, update, upgrade } = said ?? {}
    if (typeof cordoned !== 'boolean' || typeof boot !== 'string' || !isNames(names)) return undefined
    const release = typeof upgrade === 'string' ? k3sVersionOf(upgrade)?.text : undefined
    return { cordoned, boot, names, ...(update === true && { update }), ...(release !== undefined && { upgrade: release }) }
  } catch {
    return undefined
  }
}

const isNames = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every((name) => typeof name === 'string')

/** The annotation's value. */
export const beforeRebootText = ({ cordoned, names, boot, update, upgrade }: BeforeReboot): string =>
  JSON.stringify({ cordoned, names, boot, ...(update && { update }), ...(upgrade !== undefined && { upgrade }) })

/** No other node is out of service for something like it. */
export const nothingBeside = (beside: readonly string[]): Finding =>
  every(beside.map((begun) => fails(`${begun} has begun and is not at its end`, 'honeydue nodes:status')))
