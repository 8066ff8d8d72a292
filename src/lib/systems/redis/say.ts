import { residenceIdsKey } from '../../residence-ids.ts'
import { part, type ShellLine, sh, words } from '../../shell.ts'
import { kubeconfigLine } from '../kube/say-kube.ts'
import type { System } from '../systems.ts'
import { queueKey, queuePrefix, taskKey } from './asynq-keys.ts'
import { runTaskScript } from './asynq-scripts.ts'
import type { RedisReader, RedisWriter } from './types.ts'

/** Where an operator finds Redis with kubectl. */
export interface RedisDeployment {
  readonly namespace: string
  readonly deployment: string
  readonly kubeconfigs: readonly string[]
}

/** The shell lines that do what the writer does. */
export const sayRedis = ({ namespace, deployment, kubeconfigs }: RedisDeployment): System<RedisReader, RedisWriter>['say'] => {
  // The password is the pod's own variable, handed on by REDISCLI_AUTH: it stands in no process list and never leaves the pod.
  const inPod = (script: ShellLine, target: string) => ({
    before: [kubeconfigLine(kubeconfigs)],
    line: sh`kubectl -n ${namespace} exec ${`deploy/${deployment}`} -- sh -c ${sh`export REDISCLI_AUTH="$REDIS_PASSWORD"; ${part(script)}`}`,
    target,
  })
  return {
    forgetResidenceIds: (users) => {
      const keys = users.map(residenceIdsKey)
      return inPod(sh`redis-cli unlink ${words(keys)}`, `Redis ${keys.join(', ')}`)
    },
    // What matches and names no user is left alone, as the writer leaves it.
    forgetAllResidenceIds: (_keys, pattern) =>
      inPod(
        sh`redis-cli --scan --pattern ${pattern} | grep -xE 'residence_ids_user:[1-9][0-9]{0,18}' | xargs -r -n 500 redis-cli unlink`,
        `Redis ${pattern}`,
      ),
    // As asynq writes it: the time, where nothing stands there yet.
    pauseQueue: (queue) => inPod(sh`redis-cli setnx ${queueKey(queue, 'paused')} "$(date +%s)"`, `queue ${queue}`),
    // The same script, on one line.
    runTasks: (queue, ids) =>
      inPod(
        sh`for id in ${words(ids)}; do redis-cli eval ${runTaskScript.replaceAll(/\s+/g, ' ').trim()} 3 ${taskKey(queue, '')}"$id" ${queueKey(queue, 'pending')} ${queueKey(queue, 'groups')} "$id" ${queuePrefix(queue)} ${queueKey(queue, 'g:')}; done`,
        `jobs of queue ${queue}`,
      ),
    resumeQueue: (queue) => inPod(sh`redis-cli del ${queueKey(queue, 'paused')}`, `queue ${queue}`),
  }
}
