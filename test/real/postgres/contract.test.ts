import { holdContract } from '../../contract/contract.ts'
import { pgbouncer118Cases, pgbouncer124Cases, postgresCases } from '../../contract/postgres/cases.ts'
import { sandboxPostgres } from '../../contract/postgres/world.ts'
import { realPostgres } from './servers.ts'

const before = [...postgresCases, ...pgbouncer118Cases]
holdContract('postgres', 'sandbox', before, sandboxPostgres('1.18'))
holdContract('postgres', 'real', before, () => realPostgres())

const since = [...postgresCases, ...pgbouncer124Cases]
holdContract('pooler 1.24', 'sandbox', since, sandboxPostgres('1.24'))
holdContract('pooler 1.24', 'real', since, () => realPostgres({ bouncer: 'built' }))
