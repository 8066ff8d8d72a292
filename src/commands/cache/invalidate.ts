import { flagsOf } from '../../lib/cli/flags.ts'
import { ProcedureCommand } from '../../lib/cli/procedure-command.ts'
import { invalidate } from '../../lib/procedures/cache/invalidate.ts'

export default class CacheInvalidate extends ProcedureCommand {
  static override summary = invalidate.title
  static override flags = flagsOf(invalidate.choices)

  async run(): Promise<void> {
    const { flags } = await this.parse(CacheInvalidate)
    await this.carryOut(flags, invalidate)
  }
}
