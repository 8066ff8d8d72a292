import { join } from 'node:path'
import { Redis } from 'ioredis'
import { beforeAll, expect, test } from 'vitest'
import { planted } from '../../../src/lib/sandbox/deployment/planted.ts'
import { honeydue, requireBuild } from '../../support/program.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox()
beforeAll(requireBuild)

const status = async (...flags: readonly string[]) => honeydue(['cache:status', '--env', join(sandbox().dir, 'environment.yaml'), ...flags])

test('well, a policy that refuses writes, and a Redis that is away: exit 0, 3 and 9, within 80 columns', async () => {
  const well = await status()
  expect(well.code).toBe(0)
  expect(well.stdout).toContain('Nothing is wrong.')
  expect(Math.max(...well.stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)

  const redis = new Redis({ host: '127.0.0.1', port: sandbox().redis.port, password: planted.redisPassword })
  await redis.config('SET', 'maxmemory-policy', 'noeviction')
  await redis.quit()
  const wrong = await status()
  expect(wrong.code).toBe(3)
  expect(wrong.stdout.split('\n')[0]).toMatch(/^wrong .*noeviction/)

  sandbox().kubernetes.fail({ answer: 'reset' })
  const away = await status('--json')
  expect(away.code).toBe(9)
  expect(JSON.parse(away.stdout)).toMatchObject({ exitCode: 9, error: { code: 'kube-unreachable' } })
  for (const { stdout, stderr } of [well, wrong, away]) expect(stdout + stderr).not.toContain(planted.redisPassword)
})
