import { flagsOf } from '../../lib/cli/flags.ts'
import { ProcedureCommand } from '../../lib/cli/procedure-command.ts'
import { recoverMigration } from '../../lib/procedures/db/recover-migration.ts'

export default class DatabaseRecoverMigration extends ProcedureCommand {
  static override summary = recoverMigration.title
  static override flags = flagsOf(recoverMigration.choices)

  async run(): Promise<void> {
    const { flags } = await this.parse(DatabaseRecoverMigration)
    await this.carryOut(flags, recoverMigration)
  }
}
