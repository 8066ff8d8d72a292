import type { Environment } from '../../src/lib/environment/schema.ts'
import { plantedValues } from '../../src/lib/sandbox/deployment/planted.ts'
import type { Sandbox } from '../../src/lib/sandbox/sandbox.ts'

/** A whole sandbox under the laws, put back by its own reset; `observe`: what of it the procedure is about. */
export const wholeSubject = <S, O>({
  sandbox,
  systems,
  close,
  observe,
}: {
  readonly sandbox: () => Sandbox
  readonly systems: () => S
  readonly close: () => Promise<void>
  readonly observe: () => O
}) => ({
  systems,
  environment: (): Environment => sandbox().environment,
  observe,
  reset: async () => {
    await close()
    await sandbox().reset()
  },
  planted: plantedValues,
})
