import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { namespace } from '../../src/lib/sandbox/deployment/facts.ts'
import { planted } from '../../src/lib/sandbox/deployment/planted.ts'
import type { Sandbox } from '../../src/lib/sandbox/sandbox.ts'

/** A value of the Secret as it is now. */
export const liveValue = ({ kubernetes }: Sandbox, key: string): string => {
  const data = kubernetes.client.get({ group: '', resource: 'secrets' }, 'honeydue-secrets', namespace)?.['data']
  return Buffer.from((data as Readonly<Record<string, string>>)[key] ?? '', 'base64').toString()
}

/** What is left of a key's rotation beside its source: files with their rights. */
const keptFiles = ({ environment }: Sandbox, key: string): readonly string[] =>
  ['new', 'old'].flatMap((name) => {
    const path = join(environment.checkout, 'deploy-k3s/secrets', `${key.toLowerCase()}.${name}`)
    return existsSync(path) ? [`${name} ${(statSync(path).mode & 0o777).toString(8)}`] : []
  })

/** Where the password of PostgreSQL is the same; a new one is another every time. */
export const postgresPassword = async (sandbox: Sandbox) => {
  const { postgres, environment } = sandbox
  const live = liveValue(sandbox, 'POSTGRES_PASSWORD')
  const source = join(environment.checkout, 'deploy-k3s/secrets/postgres_password.txt')
  return {
    first: live === planted.postgresPassword,
    source: existsSync(source) && readFileSync(source, 'utf8') === live,
    accepts: await Promise.all([postgres.accepts(live), postgres.accepts(planted.postgresPassword)]),
    files: keptFiles(sandbox, 'POSTGRES_PASSWORD'),
  }
}

/** Where the password of Redis is the same; a new one is another every time. */
export const redisPassword = (sandbox: Sandbox) => {
  const { redis, environment } = sandbox
  const live = liveValue(sandbox, 'REDIS_PASSWORD')
  const config = readFileSync(join(environment.checkout, 'deploy-k3s/config.yaml'), 'utf8')
  return {
    first: live === planted.redisPassword,
    source: /^redis:\n {2}password: "?(.*?)"?$/m.exec(config)?.[1] === live,
    own: redis.settings.get('requirepass') === live,
    accepts: [redis.accepts(live), redis.accepts(planted.redisPassword)],
    files: keptFiles(sandbox, 'REDIS_PASSWORD'),
  }
}
