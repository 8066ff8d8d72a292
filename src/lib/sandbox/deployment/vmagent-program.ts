import type { Program } from '../kubernetes/types.ts'

const every = 5000

/** The metrics agent: it pushes what it scraped, and says so in its log where the way out is closed. */
export const vmagent =
  (reaches: () => boolean): Program =>
  async ({ log, ready, signal }) => {
    ready(true)
    const push = () => {
      if (!reaches())
        log('warn\tcouldn\'t send a block to "https://obs.88oakapps.com/api/v1/write": dial tcp: i/o timeout; re-sending the block later')
    }
    push()
    const timer = setInterval(push, every)
    timer.unref()
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
    clearInterval(timer)
    return 0
  }
