import { holdContract } from '../../contract/contract.ts'
import { registryCases } from '../../contract/registry/cases.ts'
import { sandboxRegistry } from '../../contract/registry/world.ts'
import { realRegistry } from './server.ts'

holdContract('registry', 'sandbox', registryCases, sandboxRegistry('token'))
holdContract('registry', 'real', registryCases, realRegistry('token'))
holdContract('basic auth', 'sandbox', registryCases, sandboxRegistry('basic'))
holdContract('basic auth', 'real', registryCases, realRegistry('basic'))
