import type { System } from '../systems.ts'
import { residenceIdsKey } from './residence-ids.ts'
import type { RedisReader, RedisWriter } from './types.ts'

/** The password is the pod's own variable, handed on by REDISCLI_AUTH: it stands in no process list and never leaves the pod. */
const inPod = (script: string) => `kubectl -n honeydue exec deploy/redis -- sh -c 'export REDISCLI_AUTH="$REDIS_PASSWORD"; ${script}'`

/** The shell lines that do what the writer does. */
export const sayRedis: System<RedisReader, RedisWriter>['say'] = {
  forgetResidenceIds: (users) => ({
    line: inPod(`redis-cli unlink ${users.map(residenceIdsKey).join(' ')}`),
    target: `Redis ${users.map(residenceIdsKey).join(', ')}`,
  }),
  forgetAllResidenceIds: (_keys, pattern) => ({
    line: inPod(`redis-cli --scan --pattern "${pattern}" | xargs -r -n 500 redis-cli unlink`),
    target: `Redis ${pattern}`,
  }),
}
