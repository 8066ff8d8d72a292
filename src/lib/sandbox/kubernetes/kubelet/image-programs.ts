import { accessSync, constants, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, delimiter, isAbsolute, join } from 'node:path'
import { quoted } from '../../quoted.ts'

/** What a slim image has of this machine's programs: none of them opens a connection. */
const slim = [
  ...['sh', 'ash', 'dash', 'cat', 'ls', 'env', 'printenv', 'echo', 'printf', 'date', 'id', 'hostname', 'whoami', 'uname', 'uptime', 'pwd'],
  ...['true', 'false', 'test', '[', 'expr', 'seq', 'sleep', 'yes', 'stty', 'tty', 'script', 'kill', 'ps', 'nproc', 'free', 'df', 'du'],
  ...['grep', 'sed', 'awk', 'head', 'tail', 'wc', 'sort', 'uniq', 'cut', 'tr', 'tee', 'xargs', 'find', 'basename', 'dirname', 'readlink'],
  ...['mkdir', 'touch', 'cp', 'mv', 'rm', 'ln', 'mktemp', 'stat', 'chmod', 'od', 'base64', 'md5sum', 'sha256sum', 'timeout', 'gzip', 'tar'],
]

const system = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** The path of a program of this machine; undefined where it has none. */
export const findProgram = (name: string): string | undefined =>
  `${process.env['PATH'] ?? ''}${delimiter}${system}`
    .split(delimiter)
    .filter(isAbsolute)
    .map((folder) => join(folder, name))
    .find(isExecutable)

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The machine's redis-cli, which in its pod reaches the sandbox's Redis and nothing else: where a container has its own, this machine may have another. */
const redisCli = (program: string, socket: string): string => `#!/bin/sh
host=127.0.0.1 port=6379 command= count=$#
elsewhere() { echo "Could not connect to Redis at $1: Connection refused" >&2; exit 1; }
while [ "$count" -gt 0 ]; do
  word=$1; shift; count=$((count - 1))
  if [ -n "$command" ]; then set -- "$@" "$word"; continue; fi
  case $word in
    -h | -p | -a | -n | -r | -i | -d | -D | -X | -t | --user | --pass)
      value=$1; shift; count=$((count - 1))
      case $word in -h) host=$value ;; -p) port=$value ;; *) set -- "$@" "$word" "$value" ;; esac ;;
    -s* | -u* | --cluster*) elsewhere "$word $1" ;;
    -*) set -- "$@" "$word" ;;
    *) command=given; set -- "$@" "$word" ;;
  esac
done
case $host:$port in 127.0.0.1:6379 | localhost:6379 | ::1:6379 | redis:6379 | redis.*:6379) ;; *) elsewhere "$host:$port" ;; esac
exec ${quoted(program)} -s ${quoted(socket)} "$@"
`

/** Fills a folder with what a container has as programs, for its PATH. `redis`: the socket that leads to the Redis of this pod, if it is one. */
export function imagePrograms(folder: string, redis: string | undefined): void {
  mkdirSync(folder)
  for (const name of slim) {
    const path = findProgram(name)
    if (path !== undefined) symlinkSync(path, join(folder, name))
  }
  const client = findProgram('redis-cli')
  if (redis && client !== undefined) writeFileSync(join(folder, 'redis-cli'), redisCli(client, redis), { mode: 0o755 })
}

/** The program that a command names, by its name or by a path that images have it at; undefined where the container has none. */
export const programIn = (folder: string, name: string): string | undefined => {
  const known = name.includes('/') ? system.split(':').some((place) => name === join(place, basename(name))) : name !== ''
  const path = join(folder, basename(name))
  return known && isExecutable(path) ? path : undefined
}
