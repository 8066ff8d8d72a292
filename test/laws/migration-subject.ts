import { plantedValues } from '../../src/lib/sandbox/deployment/planted.ts'
import { observeMigrations } from '../support/migration-worlds.ts'
import { useSystems } from '../support/systems-of.ts'
import { useSandbox } from '../support/worlds.ts'

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
