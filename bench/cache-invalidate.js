// cache:invalidate of a million keys beside what an operator would type: redis-cli --scan, and UNLINK of a thousand at a time. The redis-server is a real one;
// honeydue reaches it through a port-forward of the sandbox, redis-cli directly. Usage: node bench/cache-invalidate.js [RUNS]
import { join } from 'node:path'
import { freePort, sandboxCode, startRedis } from './deployment.js'
import { alone, honeydue, inFolder, inTurn, measured, row } from './support.js'

const keys = 1_000_000
const pattern = 'residence_ids_user:*'
const fill = `for i = 1, tonumber(ARGV[1]) do redis.call('SET', 'residence_ids_user:' .. i, '[1,2,3]', 'PX', 290000) end`
const words = ['cache:invalidate', '--all-residence-ids', '--at-most', String(2 * keys)]

/** A deployment whose Redis is a real one, for the time of `use`. */
const withRedis = (use) =>
  inFolder(async (dir) => {
    const port = await freePort()
    const { startSandbox, planted } = await sandboxCode(dir)
    const sandbox = await startSandbox({ dir: join(dir, 'deployment'), outside: { redis: port } })
    const redis = await startRedis(port, planted.redisPassword)
    try {
      const ours = (...args) =>
        honeydue([...words, ...args, '--env', join(dir, 'deployment/environment.yaml')], {
          more: { XDG_STATE_HOME: join(dir, 'state') },
          keep: true,
        })
      const scan = `redis-cli -p ${port} --scan --pattern '${pattern}' | xargs -n 1000 redis-cli -p ${port} unlink`
      const shell = () => measured('sh', ['-c', scan], { more: { REDISCLI_AUTH: planted.redisPassword } })
      return await use({ ours, shell, cli: redis.cli })
    } finally {
      redis.stop()
      await sandbox.stop()
    }
  })

export const rows = (runs) =>
  withRedis(async ({ ours, shell, cli }) => {
    const slow = []
    const put = () => cli('eval', fill, '0', String(keys))
    const emptied = (use) => async () => {
      put()
      cli('slowlog', 'reset')
      const result = await use()
      if (cli('dbsize') !== '0') throw new Error(`${cli('dbsize')} keys are left`)
      return result
    }
    put()
    const plan = await ours('--dry-run')
    const [, name] = /--plan (\w+)/.exec(plan.out) ?? []
    if (name === undefined) throw new Error(`its plan has no name: ${plan.out}`)
    const run = async () => {
      const result = await ours('--confirm', `sandbox/${pattern}`, '--plan', name)
      // redis-cli prints an entry's command on a line of its own.
      slow.push(
        cli('slowlog', 'get', '1000')
          .split('\n')
          .filter((line) => /^(evalsha|scan|unlink)$/i.test(line)).length,
      )
      return result
    }
    const result = await inTurn(runs, emptied(run), emptied(shell))
    const seen = `${result.mb.toFixed(0)} MB; its plan ${(plan.ms / 1000).toFixed(1)} s and ${plan.out.trimEnd().split('\n').length} lines; commands over 5 ms: ${slow.join(', ')}`
    return [row('`cache:invalidate` of 1 000 000 keys', '`redis-cli --scan` and `unlink` by 1000', result, 0.33, seen)]
  })

await alone(import.meta.url, rows, 5)
