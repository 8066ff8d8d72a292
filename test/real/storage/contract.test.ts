import { holdContract } from '../../contract/contract.ts'
import { storageCases } from '../../contract/storage/cases.ts'
import { sandboxStorage } from '../../contract/storage/world.ts'
import { realStorage } from './server.ts'

holdContract('storage', 'sandbox', storageCases, sandboxStorage)
holdContract('storage', 'real', storageCases, realStorage)
