import { systemClock } from '../clock.ts'
import { loadEnvironment } from '../environment/load.ts'
import { findRunningSandbox } from '../sandbox/running.ts'
import type { Name } from '../systems/systems.ts'
import type { Now } from './possible-now.ts'

/** What is seen of a deployment while somebody types. */
interface Meanwhile {
  readonly now: () => Now | undefined
  readonly close: () => void
}

/** The list stands before the libraries are read that ask: who types is waited for by nobody. */
const afterTheList = 50

/** Begins to ask what of the deployment answers; sees nothing where none is configured: whatever is chosen then says why. `needsOf`: what the manifest says of a command. */
export const meanwhile = (env: string | undefined, needsOf: (command: string) => unknown): Meanwhile => {
  const needs = (command: string) => (needsOf(command) ?? []) as readonly Name[]
  let now: () => Now | undefined = () => undefined
  let close = () => {}
  const begin = async () => {
    const { environment } = loadEnvironment({ asked: env, env: process.env, sandbox: () => findRunningSandbox()?.environment })
    const { beginAnswering } = await import('../systems/answering.ts')
    const answering = beginAnswering(environment, systemClock)
    close = answering.close
    now = () => ({ needs, known: answering.known(), readonly: environment.readonly })
  }
  const timer = setTimeout(() => void begin().catch(() => {}), afterTheList)
  return {
    now: () => now(),
    close: () => {
      clearTimeout(timer)
      close()
    },
  }
}
