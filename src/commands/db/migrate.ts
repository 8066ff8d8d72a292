import { flagsOf } from '../../lib/cli/flags.ts'
import { ProcedureCommand } from '../../lib/cli/procedure-command.ts'
import { migrate } from '../../lib/procedures/db/migrate.ts'

export default class DatabaseMigrate extends ProcedureCommand {
  static override summary = migrate.title
  static override flags = flagsOf(migrate.choices)

  async run(): Promise<void> {
    const { flags } = await this.parse(DatabaseMigrate)
    await this.carryOut(flags, migrate)
  }
}
