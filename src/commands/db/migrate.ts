import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { migrate } from '../../lib/procedures/db/migrate.ts'

export default procedureCommand(migrate)
