import { reportCommand } from '../../lib/cli/report-command.ts'
import { connections } from '../../lib/reports/db/connections.ts'

export default reportCommand(connections)
