import { beforeRebootNote } from '../../notes.ts'
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
}

/** What the annotation of the Node says; undefined where there is none, or one that says nothing. */
export const beforeRebootOf = ({ metadata }: Pick<Node, 'metadata'>): BeforeReboot | undefined => {
  const text = metadata.annotations?.[beforeRebootNote]
  if (text === undefined) return undefined
  try {
    const said = JSON.parse(text) as Partial<BeforeReboot> | null
    return typeof said?.cordoned === 'boolean' && typeof said.boot === 'string' && isNames(said.names) ? (said as BeforeReboot) : undefined
  } catch {
    return undefined
  }
}

const isNames = (value: unknown): boolean => Array.isArray(value) && value.every((name) => typeof name === 'string')

/** The annotation's value. */
export const beforeRebootText = ({ cordoned, names, boot, update }: BeforeReboot): string =>
  JSON.stringify({ cordoned, names, boot, ...(update && { update }) })
