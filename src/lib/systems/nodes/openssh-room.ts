import { rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { makeOwnFolder } from '../../own-folder.ts'

/** A socket's path may have 104 bytes, of which OpenSSH takes 17 for itself while it makes it. */
const longestFolder = 50

// What the first line says holds: ours stand before the operator's, for every jump host as well, because ssh hands its -F on. What he did not say stands after.
const settings = (configFile: string | undefined) => `Host *
  BatchMode yes
  StrictHostKeyChecking yes
  UpdateHostKeys no
  ControlMaster no
  ControlPersist no
  ForkAfterAuthentication no
  SessionType default
  RemoteCommand none
  RequestTTY no
  ClearAllForwardings yes
  EscapeChar none
  LogLevel INFO
${(configFile === undefined ? ['~/.ssh/config', '/etc/ssh/ssh_config'] : [resolve(configFile)]).map((file) => `  Include "${file}"\n`).join('')}Host *
  ConnectTimeout 10
  ServerAliveInterval 5
`

/** A folder of our own alone, for the sockets of connections and for a configuration that refuses what we refuse. */
export interface Room {
  /** For `ssh -F`. */
  readonly configFile: string
  /** A path that no other connection has. */
  socket(): string
  remove(): void
}

export const makeRoom = (configFile: string | undefined): Room => {
  const base = tmpdir().length <= longestFolder ? tmpdir() : '/tmp'
  const folder = makeOwnFolder(base, 'hd')
  const file = join(folder, 'config')
  writeFileSync(file, settings(configFile), { mode: 0o600 })
  let count = 0
  return {
    configFile: file,
    socket: () => {
      count += 1
      return join(folder, String(count))
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
