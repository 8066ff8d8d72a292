import { apnsKey } from '../../apns-secret.ts'
import { reasonOf, Trouble } from '../../errors.ts'
import type { PullSecret } from '../../facts/secrets/pull-secret.ts'
import { isApnsKey } from '../../facts/secrets/working.ts'
import { type Failing, fails } from '../../plan/finding.ts'
import { Secret } from '../../secret.ts'
import type { Readers } from '../../systems/systems.ts'

/** A value that is refused is refused here; `untried`: nobody could be asked, which says nothing of it. */
export type Tried = 'works' | 'untried' | Failing

type Look = Readers<'postgres' | 'redis' | 'mail' | 'registry' | 'metrics'>

/** Uses a value for nothing but a login, where there is somebody to log in at. */
export const tryValue = async (called: string, value: Secret, look: Look, pull: PullSecret | undefined): Promise<Tried> => {
  const refused = (by: string, because: string): Failing =>
    fails(`${by} refuses the ${called} of its source: ${because}`, 'honeydue secrets:status')
  try {
    switch (called) {
      case 'POSTGRES_PASSWORD': {
        const { direct } = await look.postgres.application()
        const found = await look.postgres.endpoint({ ...direct, password: value })
        if (found.reachable) return 'works'
        return found.trouble.code === 'postgres-password' ? refused(direct.host, found.trouble.failed) : 'untried'
      }
      case 'REDIS_PASSWORD':
        return (await look.redis.accepts(value)) ? 'works' : refused('Redis', 'a login with it is not let in')
      case 'EMAIL_HOST_PASSWORD': {
        const { login } = await look.mail.submission(value)
        if (login.is === 'refused') return refused('the mail server', `${login.code} ${login.words}`)
        return login.is === 'accepted' ? 'works' : 'untried'
      }
      case 'OBS_INGEST_TOKEN': {
        const answer = await look.metrics.mayWrite(value)
        return answer.takes ? 'works' : refused('the store of metrics', `it answered ${answer.status}`)
      }
      case 'REGISTRY_PASSWORD':
        await look.registry.toldTo({ as: new Secret(`${pull?.user ?? ''}:${value.reveal()}`) }, pull?.image ?? '')
        return 'works'
      case apnsKey:
        return isApnsKey(value) ? 'works' : refused('its form', 'it is no EC P-256 key in PKCS #8')
      default:
        return 'untried'
    }
  } catch (error) {
    if (error instanceof Trouble && error.code === 'registry-forbidden') return refused('the registry', reasonOf(error))
    return 'untried'
  }
}
