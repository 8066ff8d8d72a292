import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { renew } from '../../lib/procedures/kubeconfig/renew.ts'

export default procedureCommand(renew)
