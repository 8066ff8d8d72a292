import type { Clock, Duration } from '../clock.ts'
import { Unreachable } from '../errors.ts'
import type { Holding, LeaseRecord, LeaseStore, Told } from '../systems/kube/lease-store.ts'
import type { TakenFrom } from './entries.ts'
import { handedTo, heldBy, holderName, lostTo } from './lease-words.ts'

/** What this run holds while it changes something. */
export interface Lease extends Holding {
  /** Whom it was taken from, who had not given it back. */
  readonly from?: TakenFrom
  /** Throws Held where somebody took it over, or asks to go on from here; Unreachable where that cannot be known any more. Asked just before each change acts. */
  readonly check: () => Promise<void>
  /** The same, where the last renewal is too long ago to be relied on: a machine that slept, a process that was stopped. */
  readonly checkIfOld: () => Promise<void>
  /** Aborted, with a Held as its reason, when somebody has taken it over. */
  readonly lost: AbortSignal
  /** Says in the lease which step is under way. */
  readonly tell: (step: string) => void
  readonly release: () => Promise<void>
}

export interface Taking {
  readonly store: LeaseStore
  readonly clock: Clock
  /** `user@host/run`. */
  readonly holder: string
  readonly seconds: number
  readonly told: Told
  /** Aborted by Ctrl-C while it is waited for. */
  readonly signal: AbortSignal
  /** How long somebody else's run is waited for. */
  readonly wait: Duration
  /** Whether the holder is a process of this machine that has ended. */
  readonly isDead: (record: LeaseRecord) => boolean
  /** Whether it may be taken from who has stopped renewing: their name was typed. */
  readonly takeOver: (record: LeaseRecord) => Promise<boolean>
  readonly say: (text: string) => void
}

/** A renewal that is one time missed is no reason for worry, two are. */
const renewalsPerLease = 6

/** Takes the lease, renews it in the background, and gives it back when it is asked to. Throws Held (exit 7) where somebody else has it. */
export const takeLease = async (taking: Taking): Promise<Lease> => {
  const { store, clock, holder, seconds, told, say } = taking
  const until = clock.now().getTime() + taking.wait
  let seen: { readonly version: string; readonly at: number; readonly renews: boolean } | undefined
  let waiting = false
  for (;;) {
    taking.signal.throwIfAborted()
    const found = await store.read()
    const mine = { holder, epoch: (found?.epoch ?? 0) + 1 }
    const take = async (from?: TakenFrom) =>
      (await store.take(found, { ...mine, seconds, told })) ? { ...keep(taking, mine), ...(from && { from }) } : undefined
    if (!found?.holder) {
      const lease = await take()
      if (lease) return lease
      continue
    }
    if (taking.isDead(found)) {
      const lease = await take({ holder: found.holder, ended: true })
      if (lease) {
        say(
          `${found.holder} was interrupted${found.told.step ? ` at step ${found.told.step}` : ''}: its process on this machine has ended, and its lease is taken over`,
        )
        return lease
      }
      continue
    }
    const now = clock.now().getTime()
    if (seen?.version !== found.version) seen = { version: found.version, at: now, renews: seen !== undefined }
    const silent = now - seen.at
    // Clocks differ: who seems to be late is watched for two renewals, who seems to be in time for the whole of the lease.
    const late = !seen.renews && now - (found.renewed?.getTime() ?? 0) > found.seconds * 1000
    const enough = late ? (found.seconds * 1000 * 2.4) / renewalsPerLease : found.seconds * 1000
    if (silent >= enough) {
      if (!(await taking.takeOver(found))) throw heldBy(found, now, 'stopped')
      const lease = await take({ holder: found.holder, ended: false })
      if (lease) {
        say(`Taken over from ${found.holder}, who had not renewed it for ${Math.round((now - (found.renewed?.getTime() ?? now)) / 1000)} s`)
        return lease
      }
      continue
    }
    if (!late && now >= until) throw heldBy(found, now, 'renewing')
    if (!waiting)
      say(
        late
          ? `${holderName(found)} seems to have stopped: looking whether its lease is still renewed`
          : `Waiting for ${holderName(found)}, who does ${found.told.line ?? 'something'}`,
      )
    waiting = true
    await clock.sleep(Math.min(1000, enough / 4), taking.signal)
  }
}

/** Renews until it is released or lost. */
const keep = ({ store, clock, seconds, told: first, say }: Taking, mine: Holding): Lease => {
  const every = (seconds * 1000) / renewalsPerLease
  const ended = new AbortController()
  const lost = new AbortController()
  let told = first
  let seen = clock.now().getTime()
  const lose = async () => {
    const reason = lostTo(await store.read().catch(() => undefined), clock.now().getTime())
    if (!lost.signal.aborted) lost.abort(reason)
    return reason
  }
  const renew = async () => {
    const at = clock.now().getTime()
    if (await store.renew(mine, told)) seen = at
    else if (!ended.signal.aborted) await lose()
  }
  // A renewal that fails is tried again at its next time; who relies on it asks for itself.
  const renewing = (async () => {
    while (!ended.signal.aborted && !lost.signal.aborted) {
      await clock.sleep(every, ended.signal).catch(() => {})
      if (!ended.signal.aborted) await renew().catch(() => {})
    }
  })()
  const stillOurs = async (): Promise<LeaseRecord | undefined> => {
    if (lost.signal.aborted) throw lost.signal.reason
    const at = clock.now().getTime()
    let found: LeaseRecord | undefined
    try {
      found = await store.read()
    } catch (error) {
      // Nobody can have taken it before it seemed abandoned for two renewals.
      if (at - seen < every * 2) return undefined
      throw blind(error)
    }
    if (found?.holder !== mine.holder || found.epoch !== mine.epoch) throw await lose()
    seen = at
    return found
  }
  return {
    ...mine,
    lost: lost.signal,
    check: async () => {
      const found = await stillOurs()
      if (found?.askedBy !== undefined) throw handedTo(found.askedBy)
    },
    checkIfOld: async () => {
      if (lost.signal.aborted) throw lost.signal.reason
      if (clock.now().getTime() - seen > every * 1.5) await stillOurs()
    },
    tell: (step) => {
      told = { ...told, step }
      renew().catch(() => {})
    },
    release: async () => {
      ended.abort()
      await renewing
      if (!(await givenBack(store, mine, clock)))
        say(`The operators’ lease could not be given back: it ends by itself ${seconds} s after its last renewal; lock:status shows it`)
    },
  }
}

/** An answer that is lost, or a server that is busy for a moment, leaves nobody locked out for half a minute. */
const givenBack = async (store: LeaseStore, mine: Holding, clock: Clock): Promise<boolean> => {
  for (let pause = 200; pause <= 1600; pause *= 2) {
    try {
      if (await store.release(mine)) return true
      const found = await store.read()
      if (found?.holder !== mine.holder || found.epoch !== mine.epoch) return true
    } catch {
      // Tried again below.
    }
    await clock.sleep(pause)
  }
  return false
}

const blind = (error: unknown): Unreachable =>
  new Unreachable(
    {
      code: 'lease-unseen',
      failed: 'It cannot be seen whether this run still holds the operators’ lease',
      cause: error instanceof Unreachable ? error.failed : 'The Kubernetes API does not answer',
      next: 'honeydue lock:status',
    },
    { cause: error },
  )

/** Whether the holder renews it while it is looked at: for as long as the lease lasts, or for two renewals where it seems to be late. */
export const watchHolder = async (store: LeaseStore, found: LeaseRecord, clock: Clock, signal: AbortSignal): Promise<boolean> => {
  const started = clock.now().getTime()
  const late = started - (found.renewed?.getTime() ?? 0) > found.seconds * 1000
  const enough = late ? (found.seconds * 1000 * 2.4) / renewalsPerLease : found.seconds * 1000
  while (clock.now().getTime() - started < enough) {
    await clock.sleep(Math.min(1000, enough / 4), signal)
    const now = await store.read()
    if (now?.version !== found.version) return now?.holder !== undefined
  }
  return false
}
