import { holdContract } from '../contract.ts'
import { registryCases } from './cases.ts'
import { giteaCases } from './gitea-cases.ts'
import { sandboxGitea } from './gitea-world.ts'
import { sandboxRegistry } from './world.ts'

holdContract('registry', 'sandbox', registryCases, sandboxRegistry('token'))
holdContract('basic auth', 'sandbox', registryCases, sandboxRegistry('basic'))
holdContract('Gitea', 'sandbox', giteaCases, sandboxGitea)
