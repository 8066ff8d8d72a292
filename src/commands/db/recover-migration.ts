import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { recoverMigration } from '../../lib/procedures/db/recover-migration.ts'

export default procedureCommand(recoverMigration)
