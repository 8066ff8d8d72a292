import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { bootstrapGoose } from '../../lib/procedures/db/bootstrap-goose.ts'

export default procedureCommand(bootstrapGoose)
