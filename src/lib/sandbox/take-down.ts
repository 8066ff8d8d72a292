import { setTimeout as sleep } from 'node:timers/promises'
import { holderOf } from './claim.ts'
import { clearFolder } from './folder.ts'
import { lives, runningIn } from './running.ts'

/** Ends the sandbox of this folder and waits until it has gone; what a crash left there is cleared. */
export async function takeDown(dir: string): Promise<'ended' | 'was not running' | 'does not end'> {
  // One that still starts has the folder already, and answers nowhere yet.
  const running = runningIn(dir) ?? (await holderOf(dir))
  if (running) {
    process.kill(running.pid, 'SIGTERM')
    for (let waited = 0; waited < 15_000 && lives(running); waited += 25) await sleep(25)
    if (lives(running)) return 'does not end'
  }
  await clearFolder(dir)
  return running ? 'ended' : 'was not running'
}
