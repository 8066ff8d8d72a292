import { holdContract } from '../../contract/contract.ts'
import { deploymentCases } from './cases.ts'
import { realDeployment, sandboxDeployment } from './start.ts'

holdContract('commands', 'sandbox', deploymentCases, sandboxDeployment)
holdContract('commands', 'real', deploymentCases, realDeployment)
