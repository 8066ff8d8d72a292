import { holdContract } from '../contract.ts'
import { neonCases, pgbouncer118Cases, pgbouncer124Cases, postgresCases } from './cases.ts'
import { sandboxPostgres } from './world.ts'

holdContract('postgres', 'sandbox', [...postgresCases, ...pgbouncer118Cases], sandboxPostgres('1.18'))
holdContract('pooler 1.24', 'sandbox', [...postgresCases, ...pgbouncer124Cases, ...neonCases], sandboxPostgres('1.24'))
