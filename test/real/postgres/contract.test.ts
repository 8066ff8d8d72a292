import { postgresContract } from '../../contract/postgres/contract.ts'
import { startRealPostgres } from './servers.ts'

postgresContract('Debian', startRealPostgres)
