import { readFileSync, writeFileSync } from 'node:fs'
import type { ContractCase } from '../contract.ts'
import { type RedisCase, redisCases, replicaCases, strangerCases, wire, wireCases } from './cases.ts'
import { type Place, password, type RedisWorld, redisClient } from './world.ts'

const file = new URL('./recorded.json', import.meta.url)
/** The answers of a real Redis 7.0.15. */
const recorded: Readonly<Record<string, unknown>> = JSON.parse(readFileSync(file, 'utf8'))

const ask = async ({ run }: RedisCase, at: Place, as?: string): Promise<unknown> => {
  const redis = redisClient(at, as)
  try {
    return await run(redis)
  } finally {
    redis.disconnect()
  }
}

/** Each case with the answer that a real server gave. */
export const redisContract: readonly ContractCase<RedisWorld>[] = [
  ...redisCases.map((one) => ({ name: one.name, give: ({ primary }: RedisWorld) => ask(one, primary, password) })),
  ...strangerCases.map((one) => ({ name: `stranger: ${one.name}`, give: ({ primary }: RedisWorld) => ask(one, primary) })),
  ...replicaCases.map((one) => ({
    name: `replica: ${one.name}`,
    give: async (world: RedisWorld) => ask(one, await world.replica(), password),
  })),
  ...wireCases.map((commands) => ({
    name: `wire: ${commands}`,
    give: async ({ primary }: RedisWorld) => [await wire(primary, 2, commands), await wire(primary, 3, commands)],
  })),
].map((one) => ({ ...one, expected: recorded[one.name] }))

/** Writes down anew what these servers answer. */
export const record = async (world: RedisWorld): Promise<void> => {
  const answers: Record<string, unknown> = {}
  for (const { name, give } of redisContract) {
    await world.reset()
    answers[name] = await give(world)
  }
  writeFileSync(file, `${JSON.stringify(answers, null, 2)}\n`)
}
