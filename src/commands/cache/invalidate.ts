import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { invalidate } from '../../lib/procedures/cache/invalidate.ts'

export default procedureCommand(invalidate)
