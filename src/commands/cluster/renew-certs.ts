import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { renewCerts } from '../../lib/procedures/cluster/renew-certs.ts'

export default procedureCommand(renewCerts)
