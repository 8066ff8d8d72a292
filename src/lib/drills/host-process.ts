import { rm } from 'node:fs/promises'
import { runSandbox, type Up } from '../sandbox/up.ts'
import { type Hosted, hostDrill } from './host.ts'
import { drills } from './index.ts'
import { serveDrill, socketOf } from './socket.ts'
import { fasterBy } from './speed.ts'
import type { DrillOptions } from './start.ts'

/** Runs a sandbox with a drill on it in this process, until the signal. */
export const runDrill = async (
  name: string,
  {
    dir,
    signal,
    failed,
    ...options
  }: DrillOptions & { readonly dir: string; readonly signal: AbortSignal; readonly failed: (error: unknown) => void },
): Promise<Up | undefined> => {
  const drill = await drills[name]?.()
  if (drill === undefined) throw new Error(`there is no drill ${name}`)
  let hosted: Hosted | undefined
  const ends: (() => Promise<void>)[] = []
  try {
    return await runSandbox(dir, { postgres: true, speed: fasterBy(options.speed) }, signal, (sandbox) => {
      const begin = async () => {
        ends.push(await serveDrill(dir, () => hosted))
        hosted = await hostDrill(drill, { ...options, sandbox, signal })
      }
      begin().catch((error: unknown) => {
        if (!signal.aborted) failed(error)
      })
    })
  } finally {
    for (const end of ends) await end()
    await rm(socketOf(dir), { force: true })
  }
}
