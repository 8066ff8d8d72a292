import { holdContract } from '../../contract/contract.ts'
import { pgbouncer118Cases, postgresCases } from '../../contract/postgres/cases.ts'
import { sandboxPostgres } from '../../contract/postgres/world.ts'
import { realPostgres } from './servers.ts'

const cases = [...postgresCases, ...pgbouncer118Cases]
holdContract('postgres', 'sandbox', cases, sandboxPostgres('naive'))
holdContract('postgres', 'real', cases, () => realPostgres())
