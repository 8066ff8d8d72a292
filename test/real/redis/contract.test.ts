import { holdContract } from '../../contract/contract.ts'
import { record, redisContract } from '../../contract/redis/contract.ts'
import { redisSystemCases } from '../../contract/redis/system-cases.ts'
import { sandboxRedis } from '../../contract/redis/world.ts'
import { realRedis } from './server.ts'

// HONEYDUE_RECORD=1 writes the real server's answers down anew, and then holds both to them.
if (process.env['HONEYDUE_RECORD']) {
  const world = await realRedis()
  await record(world)
  await world.stop()
}
const cases = [...redisContract, ...redisSystemCases]
holdContract('redis', 'sandbox', cases, sandboxRedis)
holdContract('redis', 'real', cases, realRedis)
