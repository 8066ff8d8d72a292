import { plantedValues } from '../../src/lib/sandbox/deployment/planted.ts'
import { observeMigrations } from '../migration-worlds.ts'
import { useSystems } from '../systems-of.ts'
import { useSandbox } from '../worlds.ts'

/** The deployment under the laws, for the procedures that migrate. */
export const migrationSubject = () => {
  const sandbox = useSandbox({ postgres: true })
  const { systems, close } = useSystems(sandbox)
  return {
    sandbox,
    subject: {
      systems,
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
