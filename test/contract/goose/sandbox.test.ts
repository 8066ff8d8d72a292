import { holdContract } from '../contract.ts'
import { gooseCases } from './cases.ts'
import { sandboxGoose } from './world.ts'

holdContract('goose', 'sandbox', gooseCases, sandboxGoose)
