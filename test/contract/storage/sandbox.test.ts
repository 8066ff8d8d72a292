import { holdContract } from '../contract.ts'
import { storageCases } from './cases.ts'
import { sandboxStorage } from './world.ts'

holdContract('storage', 'sandbox', storageCases, sandboxStorage)
