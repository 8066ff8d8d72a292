import { atMost, seconds, systemClock } from '../clock.ts'
import { loadEnvironment, type SettingsPlace } from '../environment/load.ts'
import type { Environment } from '../environment/schema.ts'
import { Interrupted } from '../errors.ts'
import type { SeenNode } from '../node-lines.ts'
import { findRunningSandbox } from '../sandbox/running.ts'
import type { LeaseStore } from '../systems/kube/lease-store.ts'
import { openSystems } from '../systems/open.ts'
import type { Systems } from '../systems/systems.ts'
import { type Ending, listenForEnd } from './ending.ts'
import { shown } from './shown.ts'

/** One command's dealings with one deployment. */
export interface Session {
  readonly environment: Environment
  readonly settings: SettingsPlace
  readonly systems: Systems
  /** Where the operators' lease of this deployment is kept. */
  readonly lease: LeaseStore
  /** What was seen of each node's alias by now. */
  readonly seen: ReadonlyMap<string, SeenNode>
  readonly ending: Ending
}

/** Loads the environment, opens its systems for `use`, and closes them in finite time whatever happens. */
export const inSession = async <T>(asked: string | undefined, use: (session: Session) => Promise<T>): Promise<T> => {
  const { environment, settings } = loadEnvironment({ asked, env: process.env, sandbox: () => findRunningSandbox()?.environment })
  const ending = listenForEnd()
  // A line that is being drawn there gives way, and is drawn again below.
  const begin = process.stderr.isTTY ? '\r\u001B[K' : ''
  const tell = (what: string) => void process.stderr.write(`${begin}${shown(what)}\n`)
  const scratch = async () => {
    const { scratchServer } = await import('../postgres-server/scratch.ts')
    return scratchServer({ signal: ending.looking, tell })
  }
  const systems = openSystems(environment, systemClock, ending.looking, scratch, tell)
  try {
    return await use({ environment, settings, systems, lease: systems.lease, seen: systems.seen, ending })
  } catch (error) {
    // A call that was cut off fails in its own words; what happened is that somebody asked to stop.
    throw ending.looking.aborted && !(error instanceof Interrupted) ? ending.looking.reason : error
  } finally {
    await atMost(systemClock, seconds(2), systems.close())
    ending.close()
  }
}
