/** One container's log; without a container, the pod's only one. */
export interface LogRequest {
  readonly namespace: string
  readonly pod: string
  readonly container?: string
  /** The last so many lines. */
  readonly tail?: number
  /** The first so many bytes: where a container's start stands. */
  readonly limit?: number
  /** Of the container that ran before this one. */
  readonly previous?: boolean
  /** Not what is older than so many seconds, by the clock of its node. */
  readonly sinceSeconds?: number
  /** Not what is older: RFC 3339, of which the server heeds whole seconds. */
  readonly sinceTime?: string
}

/** A log as it comes, each line behind its time (RFC 3339, to the nanosecond). */
export interface LogStreamRequest extends LogRequest {
  /** Goes on with what the container is yet to write, until the container ends. */
  readonly follow?: boolean
  readonly signal: AbortSignal
}
