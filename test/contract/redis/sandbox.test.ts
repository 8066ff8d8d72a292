import { holdContract } from '../contract.ts'
import { redisContract } from './contract.ts'
import { sandboxRedis } from './world.ts'

holdContract('redis', 'sandbox', redisContract, sandboxRedis)
