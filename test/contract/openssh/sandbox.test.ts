import { holdContract } from '../contract.ts'
import { opensshCases } from './cases.ts'
import { sandboxSsh } from './world.ts'

holdContract('openssh', 'sandbox', opensshCases, sandboxSsh)
