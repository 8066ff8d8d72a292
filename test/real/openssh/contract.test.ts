import { holdContract } from '../../contract/contract.ts'
import { opensshCases } from '../../contract/openssh/cases.ts'
import { sandboxSsh } from '../../contract/openssh/world.ts'
import { realSsh } from './server.ts'

holdContract('openssh', 'sandbox', opensshCases, sandboxSsh)
holdContract('openssh', 'real', opensshCases, () => realSsh())
