import type { KubeObject, Program } from '../kubernetes/types.ts'

const every = 5000

/** What the metrics agent of one sandbox does; `push` says whether it was answered. */
export interface Agent {
  begin(): void
  push(pod: KubeObject): boolean
}

/** The metrics agent: it pushes what it scraped, and says so in its log where nothing answers. */
export const vmagent =
  (agent: Agent): Program =>
  async ({ log, ready, pod, signal }) => {
    agent.begin()
    ready(true)
    const push = () => {
      if (!agent.push(pod))
        log('warn\tcouldn\'t send a block to "https://obs.88oakapps.com/api/v1/write": dial tcp: i/o timeout; re-sending the block later')
    }
    // Not before the pods that it scrapes are there.
    setImmediate(push)
    const timer = setInterval(push, every)
    timer.unref()
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
    clearInterval(timer)
    return 0
  }
