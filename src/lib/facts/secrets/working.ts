import { createPrivateKey } from 'node:crypto'
import { apnsKey, apnsSecret } from '../../apns-secret.ts'
import type { Environment } from '../../environment/schema.ts'
import { reasonOf, Trouble } from '../../errors.ts'
import type { Secret } from '../../secret.ts'
import type { Readers } from '../../systems/systems.ts'
import { pullKey } from './sources.ts'

/** Whether a value does what it is for, by whoever was asked with it; `unasked`: nobody answered, which says nothing of the value. */
export interface Worked {
  readonly secret: string
  readonly key: string
  /** "PostgreSQL, pooler". */
  readonly by: string
  readonly works: boolean | 'unasked'
  readonly because?: string
  readonly next?: string
}

type Look = Readers<'kube' | 'postgres' | 'redis' | 'registry' | 'cloudflare' | 'apns'>

/** What these codes say is of the credential, and not of the way to whom it is for. */
const refusals: ReadonlySet<string> = new Set([
  'postgres-password',
  'redis-credentials',
  'registry-forbidden',
  'cloudflare-credentials',
  'cloudflare-forbidden',
])

const failed = (error: unknown): Pick<Worked, 'works' | 'because' | 'next'> => ({
  works: error instanceof Trouble && refusals.has(error.code) ? false : 'unasked',
  because: reasonOf(error),
  ...(error instanceof Trouble && error.next !== undefined && { next: error.next }),
})

/** Asks everybody at once who can be asked with what this project has anyway. Nothing is changed anywhere. */
export const askWhetherTheyWork = async (
  look: Look,
  { namespace, database, redis }: Pick<Environment, 'namespace' | 'database' | 'redis'>,
  pullSecret: string | undefined,
): Promise<readonly Worked[]> => {
  const ofPostgres = async (): Promise<readonly Worked[]> => {
    const of = { secret: database.secret, key: 'POSTGRES_PASSWORD' }
    try {
      const application = await look.postgres.application()
      return await Promise.all(
        (['pooler', 'direct'] as const).map(async (endpoint): Promise<Worked> => {
          const found = await look.postgres.endpoint(application[endpoint])
          const by = `PostgreSQL, ${endpoint}`
          return found.reachable ? { ...of, by, works: true } : { ...of, by, ...failed(found.trouble) }
        }),
      )
    } catch (error) {
      return [{ ...of, by: 'PostgreSQL', ...failed(error) }]
    }
  }
  const asked = (of: Pick<Worked, 'secret' | 'key' | 'by'>, question: () => Promise<string | undefined>): Promise<Worked> =>
    question().then(
      (because) => ({ ...of, works: because === undefined, ...(because !== undefined && { because }) }),
      (error: unknown) => ({ ...of, ...failed(error) }),
    )
  const all = await Promise.all([
    ofPostgres(),
    asked({ secret: redis.secret, key: redis.passwordKey, by: 'Redis' }, async () => {
      const { open } = await look.redis.info()
      return open ? 'Redis wants no password at all' : undefined
    }),
    asked({ secret: apnsSecret, key: apnsKey, by: 'its form' }, async () => {
      const key = await look.kube.secret(namespace, apnsSecret, apnsKey)
      return key && isApnsKey(key) ? undefined : 'it is no EC P-256 key in PKCS #8'
    }),
    ...(look.apns.lacking() !== undefined
      ? []
      : [
          asked({ secret: apnsSecret, key: apnsKey, by: 'APNs' }, async () => {
            const answer = await look.apns.asked()
            if (answer.is === 'put off') throw new Error(answer.because)
            return answer.is === 'let in' ? undefined : `it answered ${answer.reason}`
          }),
        ]),
    ...(pullSecret === undefined
      ? []
      : [
          asked({ secret: pullSecret, key: pullKey, by: 'the registry' }, async () => {
            const api = await look.kube.get('Deployment', 'api', namespace)
            const image = api?.spec.template.spec.containers[0]?.image ?? ''
            return (await look.registry.digest(image)) === undefined ? `the registry has no ${image}` : undefined
          }),
        ]),
    asked({ secret: '', key: 'Cloudflare token', by: 'Cloudflare' }, async () => {
      await look.cloudflare.zone()
      return undefined
    }),
  ])
  return all.flat()
}

/** Whether it is a key as Apple makes them: what it is for is not asked with it. */
export const isApnsKey = (pem: Secret): boolean => {
  try {
    return createPrivateKey(pem.reveal()).asymmetricKeyDetails?.namedCurve === 'prime256v1'
  } catch {
    return false
  }
}
