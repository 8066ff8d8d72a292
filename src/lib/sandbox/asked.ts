import { channel } from 'node:diagnostics_channel'

/** What a client asked of one of the sandbox's servers that are not spoken to in HTTP, as it came over the wire. */
export interface Asked {
  readonly system: 'redis' | 'nodes' | 'postgres' | 'mail'
  /** The command, the script, or the statement. */
  readonly said: string
  /** Whether the server itself takes it for a change; of a script nobody can tell. */
  readonly changes?: boolean
}

/** Name of the channel, for those who listen. */
export const askedChannel = 'honeydue:sandbox:asked'

const asked = channel(askedChannel)

/** Tells those who listen, if there are any. */
export const tell = (one: () => Asked): void => {
  if (asked.hasSubscribers) asked.publish(one())
}
