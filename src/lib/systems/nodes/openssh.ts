import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { childEnvironment } from '../../child-environment.ts'
import { limited, systemClock } from '../../clock.ts'
import { Unreachable } from '../../errors.ts'
import type { Connection } from './connection.ts'
import type { Room } from './openssh-room.ts'
import { sessionsOf } from './openssh-sessions.ts'
import { tryOut } from './over-ssh.ts'
import type { Resolved } from './resolved.ts'
import { lastLines } from './trouble.ts'
import type { Way } from './way.ts'

/** A way in takes no longer, unless the configuration's ConnectTimeout grants more; then it has this much beside it to sign in. */
const longest = 15_000
const signIn = 5000
const lookEveryMs = 15

/**
 * Ends OpenSSH when its own standard input ends: the other end is held by this process alone, so the kernel closes it however we die.
 * In a session of its own, because Ctrl-C would end a write on its way.
 */
const watched = `
exec 3<&0 </dev/null
ssh "$@" 3<&- & ssh=$!
{ read -r _ <&3; kill $ssh; } 2>/dev/null &
exec 3<&-
wait $ssh`

const refusal = (host: Resolved, cause: string, code = 'ssh-refused') =>
  new Unreachable({ code, failed: `ssh does not get in to ${host.alias}`, cause, next: tryOut(host) })

const said = (child: ChildProcess) => {
  let text = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-4000)
  })
  return () => lastLines(text)
}

export interface Opening {
  readonly signal: AbortSignal | undefined
  /** Told where to ask for what has been printed so far, for somebody who waits. */
  waiting(words: () => string | undefined): void
}

/** One OpenSSH of ours with a private socket; sessions go through it. Throws Unreachable (`ssh-refused`, `ssh-timeout`) with its words. */
export const openSsh = async (host: Resolved, room: Room, because: string, { signal, waiting }: Opening): Promise<Connection> => {
  const socket = room.socket()
  // By itself it waits for a silent server as long as the kernel does; what leads through a command may wait for somebody in a browser.
  const patience = Math.ceil(host.firstWordMs / 1000)
  const silence = host.proxyCommand ? [] : ['-o', `ConnectTimeout=${patience}`]
  const args = ['-F', room.configFile, '-M', '-N', '-S', socket, ...silence, ...host.args, '--', host.alias]
  const began = performance.now()
  const child = spawn('/bin/sh', ['-c', watched, 'ssh', ...args], {
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: true,
    env: childEnvironment(),
  })
  const words = said(child)
  waiting(words)
  let ended = false
  const gone = new Promise<void>((resolve) => {
    child.once('error', () => resolve())
    child.once('close', () => resolve())
  }).then(() => {
    ended = true
  })
  child.stdin.on('error', () => {})
  const close = () => {
    child.stdin.destroy()
    // A ProxyCommand may outlive ssh and hold this open: nobody waits for that.
    child.stderr.destroy()
    child.unref()
  }
  const within = host.patienceMs > longest ? host.patienceMs + signIn : longest
  const { signal: stop } = limited(within, signal)
  try {
    while (!ended && !existsSync(socket)) await Promise.race([gone, systemClock.sleep(lookEveryMs, stop)])
  } catch {
    close()
    signal?.throwIfAborted()
    throw refusal(host, `it was not in after ${within / 1000} s: ${words() ?? 'it said nothing'}`, 'ssh-timeout')
  }
  if (ended) {
    close()
    // It ends in one way, whatever ended it: by how long it took, it waited for a word that did not come. A timer may fire a moment before its time by another clock.
    const waited = silence.length > 0 && performance.now() - began > patience * 1000 - 50
    throw refusal(host, words() ?? 'it said nothing', waited ? 'ssh-timeout' : 'ssh-refused')
  }
  const way: Way = { by: 'openssh', because }
  return { host, way, isLost: () => ended, ...sessionsOf(host, ['-F', room.configFile, '-S', socket]), close }
}

/** Whether an OpenSSH of the operator's answers at the ControlPath. */
export const masterAnswers = (host: Resolved, configFile: string | undefined): Promise<boolean> =>
  new Promise((resolve) => {
    if (host.controlPath === undefined || !existsSync(host.controlPath)) return resolve(false)
    const args = [...(configFile === undefined ? [] : ['-F', configFile]), '-O', 'check', ...host.args, '--', host.alias]
    const child = spawn('ssh', args, { stdio: 'ignore', env: childEnvironment(), timeout: 2000 })
    child.once('error', () => resolve(false))
    child.once('close', (code) => resolve(code === 0))
  })

/** Sessions through an OpenSSH of the operator's; it is left as it is. */
export const throughMaster = (host: Resolved, room: Room, way: Way): Connection => ({
  host,
  way,
  // Whether it is still there, the next session shows: ssh then connects by itself, as it would for him.
  isLost: () => false,
  ...sessionsOf(host, ['-F', room.configFile, '-S', host.controlPath ?? 'none']),
  close: () => {},
})
