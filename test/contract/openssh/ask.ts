import { execFile, execFileSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import ssh2 from 'ssh2'
import { Trouble } from '../../../src/lib/errors.ts'
import { connector } from '../../../src/lib/systems/nodes/connect.ts'
import type { Connection } from '../../../src/lib/systems/nodes/connection.ts'
import { installed } from '../../support/installed.ts'
import type { SshWorld } from './world.ts'

export const timeoutMs = 10_000

export const accepted = { ssh: 'accepted', honeydue: 'accepted' }
/** OpenSSH refuses, and so do we, with this code. */
export const refused = (honeydue: string) => ({ ssh: 'refused', honeydue })

export const on = async <T>(configFile: string, alias: string, use: (connection: Connection) => Promise<T>): Promise<T> => {
  const connections = connector({ configFile })
  try {
    return await use(await connections.to(alias))
  } finally {
    await connections.close()
  }
}

export const run = (configFile: string, alias: string, command: string) =>
  on(configFile, alias, async (connection) => {
    const { code, signal, stdout, stderr } = await connection.run(command, { timeoutMs })
    return { code, signal: signal?.replace(/^SIG/, ''), stdout, stderr }
  })

export const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'accepted',
    (error: unknown) => (error instanceof Trouble ? error.code : String(error)),
  )

const openssh = (configFile: string, words: readonly string[]) =>
  new Promise<string>((resolve, reject) => {
    execFile(installed('ssh', 'openssh-client'), ['-F', configFile, '-o', 'BatchMode=yes', ...words], (error) => {
      // An exit code is an answer of ssh; anything else is none: it did not run, or not to its end.
      if (error && typeof error.code !== 'number') reject(error)
      else resolve(error ? 'refused' : 'accepted')
    })
  })

/** What `ssh alias COMMAND` of OpenSSH does, and what we do: the client runs beside ours, not before it. */
export const both = async (configFile: string, alias: string, command = 'true') => {
  const [ssh, honeydue] = await Promise.all([openssh(configFile, [alias, command]), codeOf(run(configFile, alias, command))])
  return { ssh, honeydue }
}

/** Opens sessions that last, on one connection and without our own bound. */
export const sessionsAtOnce = async (world: SshWorld, alias: string, count: number) => {
  const client = new ssh2.Client()
  const { host, port } = world.place(alias)
  try {
    await new Promise<void>((resolve, reject) => {
      client.on('ready', () => resolve()).on('error', reject)
      client.connect({ host, port, username: userInfo().username, privateKey: readFileSync(world.identityFile) })
    })
    const begun = await Promise.all(
      Array.from({ length: count }, () => new Promise<boolean>((resolve) => client.exec('sleep 2', (error) => resolve(!error)))),
    )
    return { begun: begun.filter(Boolean).length, refused: begun.filter((did) => !did).length }
  } finally {
    client.end()
  }
}

let files = 0
/** A file of the case's own; `text` of a configuration comes first, so that its values win over the world's. */
export const file = (world: SshWorld, text: string): string => {
  files += 1
  const path = join(world.dir, `file-${files}`)
  writeFileSync(path, text, { mode: 0o600 })
  return path
}
export const config = (world: SshWorld, text: string): string => file(world, `${text}\nHost *\n  Include "${world.configFile}"\n`)

/** Rewrites known_hosts for the time of `use`. */
export const withKnown = async <T>(world: SshWorld, change: (text: string) => string, use: () => Promise<T>): Promise<T> => {
  const before = readFileSync(world.knownHostsFile, 'utf8')
  writeFileSync(world.knownHostsFile, change(before))
  try {
    return await use()
  } finally {
    writeFileSync(world.knownHostsFile, before)
  }
}

export const keygen = (...args: readonly string[]): void =>
  void execFileSync(installed('ssh-keygen', 'openssh-client'), ['-q', ...args], { stdio: 'ignore' })

/** A fresh key pair that no server knows. */
export const newKey = (world: SshWorld, passphrase = ''): string => {
  const path = file(world, '')
  rmSync(path)
  keygen('-t', 'ed25519', '-N', passphrase, '-f', path)
  return path
}

/** A copy of the world's key, its passphrase set. */
export const lockedKey = (world: SshWorld): string => {
  const path = file(world, readFileSync(world.identityFile, 'utf8'))
  keygen('-p', '-P', '', '-N', 'geheim', '-f', path)
  return path
}

/** The world's configuration, without a word of keys and agents: the case's own come instead. */
export const withoutKeys = (world: SshWorld, text: string): string =>
  file(world, `${text}\n${readFileSync(world.configFile, 'utf8').replaceAll(/^\s*Identit.*\n/gm, '')}`)
