import { holdContract } from '../contract.ts'
import { pgbouncer118Cases, pgbouncer121Cases, postgresCases } from './cases.ts'
import { sandboxPostgres } from './world.ts'

holdContract('postgres', 'sandbox', [...postgresCases, ...pgbouncer118Cases], sandboxPostgres('naive'))
holdContract('pooler 1.21', 'sandbox', [...postgresCases, ...pgbouncer121Cases], sandboxPostgres('tracked'))
