import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { install } from '../../lib/procedures/cert/install.ts'

export default procedureCommand(install)
