import { procedureCommand } from '../../lib/cli/procedure-command.ts'
import { image } from '../../lib/procedures/deploy/image.ts'

export default procedureCommand(image)
