import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { recover } from '../../lib/procedures/redis/recover.ts'

export default procedureCommand(recover)
