import type { System } from '../systems.ts'
import { residenceIdsKey } from './residence-ids.ts'
import type { RedisReader, RedisWriter } from './types.ts'

/** Where an operator finds Redis with kubectl. */
export interface RedisDeployment {
  readonly namespace: string
  readonly deployment: string
}

/** The shell lines that do what the writer does. */
export const sayRedis = ({ namespace, deployment }: RedisDeployment): System<RedisReader, RedisWriter>['say'] => {
  // The password is the pod's own variable, handed on by REDISCLI_AUTH: it stands in no process list and never leaves the pod.
  const inPod = (script: string) =>
    `kubectl -n ${namespace} exec deploy/${deployment} -- sh -c 'export REDISCLI_AUTH="$REDIS_PASSWORD"; ${script}'`
  return {
    forgetResidenceIds: (users) => {
      const keys = users.map(residenceIdsKey)
      return { line: inPod(`redis-cli unlink ${keys.join(' ')}`), target: `Redis ${keys.join(', ')}` }
    },
    forgetAllResidenceIds: (_keys, pattern) => ({
      line: inPod(`redis-cli --scan --pattern "${pattern}" | xargs -r -n 500 redis-cli unlink`),
      target: `Redis ${pattern}`,
    }),
  }
}
