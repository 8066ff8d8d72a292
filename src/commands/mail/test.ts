import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { mailTest } from '../../lib/procedures/mail/test.ts'

export default procedureCommand(mailTest)
