import { spawn } from 'node:child_process'
import { connect, isIP, Socket } from 'node:net'
import { userInfo } from 'node:os'
import { Duplex } from 'node:stream'
import { childEnvironment } from '../../child-environment.ts'
import { atMost, limited, systemClock } from '../../clock.ts'
import { Unreachable } from '../../errors.ts'
import type { Link } from './library.ts'
import { tryOut } from './over-ssh.ts'
import type { Resolved } from './resolved.ts'
import { lastLines } from './trouble.ts'

const causes: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there: the node or its SSH server is down',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'this machine has no network',
  ETIMEDOUT: 'it does not answer',
  ECONNRESET: 'it closed the connection',
}

/** The file that `ssh` takes hosts from: the one it was given, else that of the account, which is another one than HOME's where HOME leads elsewhere. */
const configOf = ({ args }: Resolved): string => {
  const given = args[args.indexOf('-F') + 1]
  if (args.includes('-F') && given !== undefined) return given
  const { homedir } = userInfo()
  return (process.env['HOME'] ?? homedir) === homedir
    ? '~/.ssh/config'
    : `${homedir}/.ssh/config: ssh reads that one, whatever HOME says; ssh: { config: FILE } in the environment names another`
}

/** A TCP connection to the host, given up after its ConnectTimeout. Throws Unreachable (`ssh-unreachable`, `ssh-timeout`, `ssh-alias-unknown`). */
export const directSocket = (host: Resolved, signal: AbortSignal | undefined): Promise<Duplex> =>
  new Promise((resolve, reject) => {
    const { signal: stop } = limited(host.connectTimeoutMs, signal)
    const { family, bindAddress } = host
    const literal = isIP(host.hostname)
    const socket = connect({
      host: host.hostname,
      port: host.port,
      noDelay: true,
      ...(family ? { family } : {}),
      ...(bindAddress ? { localAddress: bindAddress } : {}),
    })
    const settle = (act: () => void) => {
      stop.removeEventListener('abort', aborted)
      act()
    }
    const refuse = (code: string, cause: string, next: string, error?: Error) =>
      new Unreachable(
        { code, failed: `${host.alias} cannot be reached at ${host.hostname}:${host.port}`, cause, next },
        error ? { cause: error } : {},
      )
    const aborted = () => {
      socket.destroy()
      settle(() =>
        reject(
          signal?.aborted
            ? signal.reason
            : refuse('ssh-timeout', `it did not answer within ${host.connectTimeoutMs / 1000} s`, tryOut(host)),
        ),
      )
    }
    stop.addEventListener('abort', aborted, { once: true })
    if (family && literal && literal !== family)
      socket.destroy(new Error(`it is an address of IPv${literal}, and AddressFamily allows IPv${family} alone`))
    if (stop.aborted) return aborted()
    socket.once('connect', () => settle(() => resolve(socket)))
    socket.once('error', (error: NodeJS.ErrnoException) =>
      settle(() => {
        const nameless = error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN'
        if (nameless && host.hostname === host.alias)
          return reject(
            refuse(
              'ssh-alias-unknown',
              `no Host entry of the SSH configuration names ${host.alias}, and no such name resolves`,
              `add "Host ${host.alias}" with its HostName to ${configOf(host)}`,
              error,
            ),
          )
        reject(
          refuse(
            'ssh-unreachable',
            nameless ? `the name ${host.hostname} does not resolve` : (causes[error.code ?? ''] ?? error.message),
            tryOut(host),
            error,
          ),
        )
      }),
    )
  })

/** So much of what a command printed is kept. */
const kept = 2000

/**
 * The standard streams of a ProxyCommand as a connection; the command ends with it. It is run as OpenSSH runs it, by the operator's own shell, and
 * Ctrl-C is not its business: a write that goes through it comes to its end.
 */
export const commandLink = (host: Resolved, command: string): Link => {
  const shell = process.env['SHELL'] || '/bin/sh'
  const child = spawn('/bin/sh', ['-c', `trap '' INT; exec "$0" -c "$1"`, shell, `exec ${command}`], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: childEnvironment(),
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-kept)
  })
  child.stdin.on('error', () => {})
  const socket = Duplex.from({ readable: child.stdout, writable: child.stdin })
  // What we end ourselves tells nothing.
  let ended: string | undefined
  let stopped = false
  const stop = () => {
    stopped ||= ended === undefined && !child.stdout.readableEnded
    // As ssh ends it. What it has started itself may hold its streams open: nobody waits for that.
    child.kill('SIGHUP')
    child.stdout.destroy()
    child.unref()
    if (child.stderr instanceof Socket) child.stderr.unref()
  }
  const gone = new Promise<void>((resolve) => {
    child.on('close', (code, signal) => {
      const end = stopped ? '' : signal ? `ended by ${signal}` : `exit ${code}`
      ended = [end, lastLines(said) ?? (stopped ? '' : 'it said nothing')].filter(Boolean).join(': ')
      resolve()
    })
  })
  child.on('error', (error) => socket.destroy(error))
  socket.on('close', stop)
  socket.on('error', stop)
  child.on('exit', (code) => {
    if (code && !socket.destroyed) socket.destroy(new Error(`the ProxyCommand of ${host.alias} exited with ${code}`))
  })
  return {
    socket,
    words: () => lastLines(said),
    said: async () => {
      await atMost(systemClock, 500, gone)
      child.stderr.destroy()
      return ended || lastLines(said)
    },
  }
}
