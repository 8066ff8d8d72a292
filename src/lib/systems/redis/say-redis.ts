import { residenceIdsPattern } from '../../residence-ids.ts'
import { part, type ShellLine, sh, words } from '../../shell.ts'
import { kubeconfigLine } from '../kube/kubeconfig-line.ts'
import type { Said, System } from '../systems.ts'
import { queueKey, queuePrefix, taskKey } from './asynq-keys.ts'
import { deleteTaskScript, dropLockScript, dropLostScript, runTaskScript } from './asynq-scripts.ts'
import { batch, keysOf, unlinkCommand } from './requests.ts'
import type { RedisProver, RedisReader, RedisWriter } from './types.ts'

/** Where an operator finds Redis with kubectl. */
export interface RedisDeployment {
  readonly namespace: string
  readonly deployment: string
  readonly kubeconfigs: readonly string[]
}

/** The password is the pod's own variable, handed on by REDISCLI_AUTH: it stands in no process list and never leaves the pod. */
const inPod = ({ namespace, deployment }: RedisDeployment, script: ShellLine, input?: '-i'): ShellLine =>
  sh`kubectl -n ${namespace} exec ${part(input ? sh`-i ` : sh``)}${`deploy/${deployment}`} -- sh -c ${sh`export REDISCLI_AUTH="$REDIS_PASSWORD"; ${part(script)}`}`

/** Keys of the family alone: what matches and names no user is left alone, as the writer leaves it. */
const family = (pattern: string): ShellLine =>
  sh`keys=$(redis-cli -e --scan --pattern ${pattern}) && printf '%s\\n' "$keys" | grep -xE 'residence_ids_user:[1-9][0-9]{0,18}'`

/** A password of a file as an ACL's rule names it; 041 is an exclamation mark, of which shells make something else at a prompt. */
const ruleFor = (does: 'add' | 'remove', file: string): readonly [ShellLine, ShellLine] => [
  sh`hash=$(openssl dgst -sha256 -r ${file} | cut -c1-64)`,
  does === 'add' ? sh`printf '#%s' "$hash"` : sh`printf '\\041%s' "$hash"`,
]

const onOneLine = (script: string): string => script.replaceAll(/\s+/g, ' ').trim()

/** The shell lines that do what the writer does. `-e`: what Redis refuses fails. */
export const sayRedis = (at: RedisDeployment): System<RedisReader, RedisWriter>['say'] => {
  const said = (script: ShellLine, target: string) => ({ before: [kubeconfigLine(at.kubeconfigs)], line: inPod(at, script), target })
  /** What the last word is made of goes in by standard input: it stands in no list of processes. */
  const handed = (file: string, script: ShellLine, ...from: readonly ShellLine[]): Said => ({
    before: [kubeconfigLine(at.kubeconfigs)],
    line: [sh`test -s ${file}`, ...from.slice(0, -1), sh`${part(from.at(-1) ?? sh``)} | ${part(inPod(at, script, '-i'))}`],
    target: "Redis' passwords",
  })
  return {
    forgetResidenceIds: (users) => {
      const keys = keysOf(users)
      return said(sh`redis-cli -e ${words(unlinkCommand(keys))}`, `Redis ${keys.join(', ')}`)
    },
    forgetAllResidenceIds: () =>
      said(
        sh`${part(family(residenceIdsPattern))} | xargs -r -n ${batch} redis-cli -e ${words(unlinkCommand([]))}`,
        `Redis ${residenceIdsPattern}`,
      ),
    // As asynq writes it: the time, where nothing stands there yet.
    pauseQueue: (queue) => said(sh`redis-cli -e setnx ${queueKey(queue, 'paused')} "$(date +%s)"`, `queue ${queue}`),
    runTasks: (queue, ids) =>
      said(
        sh`for id in ${words(ids)}; do redis-cli -e eval ${onOneLine(runTaskScript)} 3 ${taskKey(queue, '')}"$id" ${queueKey(queue, 'pending')} ${queueKey(queue, 'groups')} "$id" ${queuePrefix(queue)} ${queueKey(queue, 'g:')}; done`,
        `jobs of queue ${queue}`,
      ),
    // 1: it was there, and is dropped. Whatever else it answers stops.
    dropTasks: (queue, ids) =>
      said(
        sh`for id in ${words(ids)}; do answer=$(redis-cli -e --raw eval ${onOneLine(deleteTaskScript)} 2 ${taskKey(queue, '')}"$id" ${queueKey(queue, 'groups')} "$id" ${queuePrefix(queue)} ${queueKey(queue, 'g:')}) && test "$answer" = 1 || exit; done`,
        `jobs of queue ${queue}`,
      ),
    dropLost: (queue, { ids, locks }) => {
      const lost = sh`for id in ${words(ids)}; do answer=$(redis-cli -e --raw eval ${onOneLine(dropLostScript)} 1 ${taskKey(queue, '')}"$id" "$id" ${queuePrefix(queue)}) && test "$answer" = 1 || exit; done`
      const held = sh`for key in ${words(locks)}; do redis-cli -e eval ${onOneLine(dropLockScript)} 1 "$key" ${queuePrefix(queue)} || exit; done`
      return said(
        locks.length === 0 ? lost : ids.length === 0 ? held : sh`${part(lost)}; ${part(held)}`,
        `what is left of jobs of queue ${queue}`,
      )
    },
    setPolicy: ({ from, to }) =>
      said(
        sh`now=$(redis-cli -e --raw config get maxmemory-policy | tail -n 1) && test "$now" = ${from} && redis-cli -e config set maxmemory-policy ${to}`,
        'Redis maxmemory-policy',
      ),
    addPassword: ({ file }) => handed(file, sh`redis-cli -e -x acl setuser default`, ...ruleFor('add', file)),
    // One transaction by one login: afterwards the variable of its pod may not be let in any more. What it says no to, the proof shows.
    makeOwn: ({ password, beside }) =>
      handed(
        password.file,
        sh`redis-cli -e`,
        sh`test -s ${beside.file}; hash=$(openssl dgst -sha256 -r ${beside.file} | cut -c1-64)`,
        sh`{ printf 'multi\\nconfig set requirepass '; tr -d '\\n' < ${password.file}; printf '\\nacl setuser default #%s\\nexec\\n' "$hash"; }`,
      ),
    removePassword: ({ file }) => handed(file, sh`redis-cli -e -x acl setuser default`, ...ruleFor('remove', file)),
    resumeQueue: (queue) => said(sh`redis-cli -e del ${queueKey(queue, 'paused')}`, `queue ${queue}`),
  }
}

/** The shell lines that stop where Redis is not so. */
export const proveRedis = (at: RedisDeployment): RedisProver => ({
  policy: (policy) => ({
    before: [kubeconfigLine(at.kubeconfigs)],
    lines: [sh`now=$(${part(inPod(at, sh`redis-cli -e --raw config get maxmemory-policy | tail -n 1`))}) && test "$now" = ${policy}`],
  }),
  ownPassword: (file) => ({
    before: [kubeconfigLine(at.kubeconfigs)],
    // test is the shell's own: no password stands in a list of processes.
    lines: [
      sh`now=$(${part(inPod(at, sh`redis-cli -e --raw config get requirepass | tail -n 1`))}); ours=$(tr -d '\\n' < ${file}); test "$now" = "$ours"`,
    ],
  }),
  accepted: (file, accepted) => {
    const login = sh`kubectl -n ${at.namespace} exec -i ${`deploy/${at.deployment}`} -- sh -c ${'REDISCLI_AUTH=$(cat) redis-cli -e ping 2>&1'} < ${file}`
    return {
      before: [kubeconfigLine(at.kubeconfigs)],
      lines: [
        // A Redis that cannot be asked has let nobody in, and has not refused the password.
        accepted
          ? sh`test -s ${file}; found=$(${part(login)} || :); case "$found" in *PONG*) ;; *) false ;; esac`
          : sh`test -s ${file}; found=$(${part(login)} || :); case "$found" in *WRONGPASS*|*NOAUTH*) ;; *) false ;; esac`,
      ],
    }
  },
  dropped: (queue, ids) => ({
    before: [kubeconfigLine(at.kubeconfigs)],
    lines: [
      sh`left=$(${part(inPod(at, sh`redis-cli -e --raw exists ${words(ids.map((id) => taskKey(queue, id)))}`))}) && test "$left" = 0`,
    ],
  }),
  ran: (queue, ids) => ({
    before: [kubeconfigLine(at.kubeconfigs)],
    lines: [
      inPod(
        at,
        sh`for id in ${words(ids)}; do state=$(redis-cli -e --raw hget ${taskKey(queue, '')}"$id" state) || exit; case $state in archived | retry | scheduled | aggregating) exit 1 ;; esac; done`,
      ),
    ],
  }),
  paused: (queue, paused) => ({
    before: [kubeconfigLine(at.kubeconfigs)],
    lines: [
      sh`there=$(${part(inPod(at, sh`redis-cli -e --raw exists ${queueKey(queue, 'paused')}`))}) && test "$there" = ${paused ? 1 : 0}`,
    ],
  }),
  forgotten: ({ users = [], pattern, ttl }) => {
    const expiry = sh`while read -r key; do redis-cli -e --raw pexpiretime "$key" || exit; done`
    const keys = pattern === undefined ? sh`printf '%s\\n' ${words(keysOf(users))}` : family(pattern)
    return {
      before: [
        kubeconfigLine(at.kubeconfigs),
        // By Redis' own clock, in milliseconds.
        sh`began=$(${part(inPod(at, sh`redis-cli -e --raw time`))} | awk 'NR == 1 { s = $1 } NR == 2 { printf "%s%03d", s, $1 / 1000 }'); : "\${began:?Redis says no time}"`,
      ],
      lines: [
        sh`found=$(${part(inPod(at, sh`${part(keys)} | ${part(expiry)}`))})`,
        // -2: there is no such key. What is there lives for its whole time from a moment after the beginning on.
        sh`printf '%s\\n' "$found" | awk -v began="$began" -v ttl=${ttl} 'NF && $1 != -2 && $1 < began + ttl { exit 1 }'`,
      ],
    }
  },
})
