import { holdContract } from '../contract.ts'
import { ufwCases } from './cases.ts'
import { passageCases } from './passage-cases.ts'
import { sandboxUfw } from './world.ts'

holdContract('ufw', 'sandbox', [...ufwCases, ...passageCases], sandboxUfw)
