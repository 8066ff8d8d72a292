import { holdContract } from '../contract.ts'
import { redisContract } from './contract.ts'
import { refusalCases } from './system-cases.ts'
import { sandboxRedis } from './world.ts'

holdContract('redis', 'sandbox', [...redisContract, ...refusalCases], sandboxRedis)
