import { holdContract } from '../../contract/contract.ts'
import { registryCases } from '../../contract/registry/cases.ts'
import { giteaCases } from '../../contract/registry/gitea-cases.ts'
import { sandboxGitea } from '../../contract/registry/gitea-world.ts'
import { sandboxRegistry } from '../../contract/registry/world.ts'
import { holdSlowContract } from '../slow.ts'
import { realGitea } from './gitea.ts'
import { realRegistry } from './server.ts'

holdContract('registry', 'sandbox', registryCases, sandboxRegistry('token'))
holdContract('registry', 'real', registryCases, realRegistry('token'))
holdContract('basic auth', 'sandbox', registryCases, sandboxRegistry('basic'))
holdContract('basic auth', 'real', registryCases, realRegistry('basic'))
holdContract('Gitea', 'sandbox', giteaCases, sandboxGitea)
holdSlowContract('Gitea', 'gitea', giteaCases, realGitea)
