import { systemClock } from '../clock.ts'
import { readOnly } from '../environment/read-only.ts'
import { Declined, Usage } from '../errors.ts'
import { watchHolder } from '../journal/lease.ts'
import { describeHolder, heldBy, holderName } from '../journal/lease-words.ts'
import type { Prompts } from './prompts.ts'
import type { Session } from './session.ts'

/** Said before anything is connected to: without a terminal nobody can be asked whose it is. */
export const holderMissing = (): Usage =>
  new Usage({
    code: 'no-terminal',
    failed: '--holder is missing: it says whose lease is released, and there is no terminal to ask on',
    cause: 'Standard input or standard error is no terminal, --json was given, or CI is set',
    next: 'honeydue lock:status   # names the holder',
  })

/** Releases a lease whose holder was watched and does not renew it; the name of the holder is typed. Returns whose it was, or undefined where nobody held it. */
export const releaseAbandoned = async (
  { environment, lease, ending }: Session,
  holder: string | undefined,
  prompts: Prompts | undefined,
  say: (text: string) => void,
): Promise<string | undefined> => {
  if (environment.readonly) throw readOnly(environment.name)
  const found = await lease.read()
  if (found?.holder === undefined) return undefined
  const name = holderName(found)
  if (holder !== undefined && holder !== name)
    throw new Usage({ code: 'holder-mismatch', failed: `The lease is ${name}’s, and not ${holder}’s`, next: 'honeydue lock:status' })
  say(`Looking whether ${name} still renews it`)
  if (await watchHolder(lease, found, systemClock, ending.looking)) throw heldBy(found, systemClock.now().getTime(), 'renewing')
  say(
    describeHolder(found, systemClock.now().getTime())
      .map((line) => `  ${line}`)
      .join('\n'),
  )
  if (holder === undefined && !(await prompts?.subject(name)))
    throw new Declined({ code: 'declined', failed: 'Not released', cause: `What was typed is not ${name}` })
  // Taken over first: whoever wakes up finds a higher epoch, and not its own lease released.
  const mine = { holder: `${name}/released`, epoch: found.epoch + 1 }
  if (!(await lease.take(found, { ...mine, seconds: found.seconds, told: {} })))
    throw heldBy(found, systemClock.now().getTime(), 'renewing')
  await lease.release(mine)
  return name
}
