import { afterEach } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { plantedValues } from '../../src/lib/sandbox/deployment/planted.ts'
import { scratchServer } from '../../src/lib/sandbox/postgres/scratch.ts'
import { openSystems } from '../../src/lib/systems/open.ts'
import { observeMigrations } from '../migration-worlds.ts'
import { useSandbox } from '../worlds.ts'

/** The deployment under the laws, for the procedures that migrate. */
export const migrationSubject = () => {
  const sandbox = useSandbox({ postgres: true })
  let open: ReturnType<typeof openSystems> | undefined
  const close = async () => {
    await open?.close()
    open = undefined
  }
  afterEach(close)
  return {
    sandbox,
    subject: {
      systems: () => {
        open ??= openSystems(sandbox().environment, systemClock, new AbortController().signal, async () => scratchServer())
        return open
      },
      environment: () => sandbox().environment,
      observe: () => observeMigrations(sandbox()),
      reset: async () => {
        await close()
        await sandbox().reset()
      },
      planted: plantedValues,
    },
  }
}
