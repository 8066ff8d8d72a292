import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { resume } from '../../lib/procedures/queue/resume.ts'

export default procedureCommand(resume)
