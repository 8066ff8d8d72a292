import { systemClock } from '../../clock.ts'

/** When somebody who waits is told, and told again where there is news, in milliseconds. */
const pauses = [1500, 3500]

/** Says which node is waited for, and what its way has printed: a login in a browser may be asked for there. */
export const tellWhoIsAwaited = async (
  alias: string,
  words: () => string | undefined,
  tell: (what: string) => void,
  opened: AbortSignal,
): Promise<void> => {
  let told: string | undefined
  for (const pause of pauses) {
    await systemClock.sleep(pause, opened).catch(() => {})
    if (opened.aborted) return
    const said = words()
    const line = `Waiting for ${alias} over SSH${said ? `: ${said}` : ''}`
    if (line !== told) tell(line)
    told = line
  }
}
