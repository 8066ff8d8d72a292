import { reportCommand } from '../../lib/cli/report-command.ts'
import { nodesDisk } from '../../lib/reports/nodes/disk.ts'

export default reportCommand(nodesDisk)
