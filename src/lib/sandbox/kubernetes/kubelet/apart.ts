import { spawnSync } from 'node:child_process'
import { findProgram } from './image-programs.ts'

/** Run in namespaces of its own: what listens on this machine's network is not there, nor are the sockets that its services have in /run. */
const hidden =
  'for place in /run /var/run; do [ -L "$place" ] || [ ! -d "$place" ] || "$0" -t tmpfs none "$place" || exit 126; done; exec "$@"'

let known: readonly string[] | undefined

/**
 * The words before a command of a pod that keep it off this machine's network, as unshare(1) does for whoever may have a user namespace. None where
 * there is no such thing (macOS, many containers): there a line that names a program by its path still reaches what listens on this machine.
 */
export const apart = (): readonly string[] => {
  const [unshare, mount] = [findProgram('unshare'), findProgram('mount')]
  if (unshare === undefined || mount === undefined) return []
  const words = [unshare, '--map-root-user', '--net', '--mount', '/bin/sh', '-c', hidden, mount]
  const [program = '', ...args] = words
  known ??= spawnSync(program, [...args, '/bin/sh', '-c', 'exit 0'], { stdio: 'ignore', timeout: 5000 }).status === 0 ? words : []
  return known
}
