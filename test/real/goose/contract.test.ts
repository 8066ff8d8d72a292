import { holdContract } from '../../contract/contract.ts'
import { gooseCases } from '../../contract/goose/cases.ts'
import { sandboxGoose } from '../../contract/goose/world.ts'
import { realGoose } from './goose.ts'

holdContract('goose', 'sandbox', gooseCases, sandboxGoose)
holdContract('goose', 'real', gooseCases, realGoose)
