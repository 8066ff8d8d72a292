import { existsSync } from 'node:fs'
import { describe, test } from 'vitest'
import { type ContractCase, type ContractWorld, holdContract } from '../contract/contract.ts'
import { pathOf } from './built.ts'

/** Programs that take minutes to build, and who wants them: `HONEYDUE_SLOW=1 test/real/install.sh` builds them, and CI does. */
export type SlowProgram = 'jaeger' | 'gitea'

/** A real side whose server is built on request alone: where it was asked for and is not there, each case fails; where nobody asked, the lane says how it is had. */
export const holdSlowContract = <W extends ContractWorld>(
  lane: string,
  program: SlowProgram,
  cases: readonly ContractCase<W>[],
  start: () => Promise<W>,
): void => {
  if (existsSync(pathOf(program)) || process.env['HONEYDUE_SLOW'] === '1') {
    holdContract(lane, 'real', cases, start)
    return
  }
  describe(`${lane}: real`, () => {
    test.skip(`${program} was not built: sudo HONEYDUE_SLOW=1 test/real/install.sh has it`)
  })
}
