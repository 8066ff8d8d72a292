import { type ShellLine, sh } from './shell.ts'

/** The password is the pod's own variable: it never leaves the pod, and stands in no list of processes. */
const login = 'export REDISCLI_AUTH="$REDIS_PASSWORD"; redis-cli '

/** The line that asks Redis something in its pod. */
export const askInPod = (command: string): ShellLine => {
  const script = login + command
  return sh`kubectl -n honeydue exec deploy/redis -- sh -c ${script}`
}
