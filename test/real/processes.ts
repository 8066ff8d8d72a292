import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** As root, servers that refuse root run as nobody. */
export const unprivileged: { readonly uid?: number; readonly gid?: number } = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}

/** One running server. */
export interface Running {
  readonly pid: number
  stop(): Promise<void>
}

/**
 * Ends the server when its own standard input ends: the other end is held by our process alone, so the kernel closes it however we die.
 */
const watcher = `
exec 3<&0 </dev/null
"$@" 3<&- >/dev/null & server=$!
echo $server
( read -r _ <&3; kill -TERM $server; sleep 5; kill -KILL $server ) 2>/dev/null & watch=$!
wait $server
kill $watch 2>/dev/null`

export interface StartOptions {
  readonly cwd: string
  readonly as?: { readonly uid?: number; readonly gid?: number }
  readonly env?: NodeJS.ProcessEnv
}

/** Starts a server in the foreground; it ends with us. */
export const startServer = async (command: string, args: readonly string[], { cwd, as, env }: StartOptions): Promise<Running> => {
  const child = spawn('/bin/sh', ['-c', watcher, 'honeydue-real', command, ...args], {
    cwd,
    env: env ?? process.env,
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
    ...as,
  })
  child.stdin.on('error', () => {})
  const pid = await new Promise<number>((resolve, reject) => {
    child.stdout.once('data', (chunk: Buffer) => resolve(Number(chunk.toString())))
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`${command} did not start`)))
  })
  child.stdout.resume()
  return {
    pid,
    stop: async () => {
      const gone = ended(child)
      child.stdin.destroy()
      await gone
    },
  }
}

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve()
    else child.once('exit', () => resolve())
  })

/** A port of 127.0.0.1 that is free now. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })

/** The result of `ask` as soon as it does not throw; its last error after `tries` × 50 ms. */
export const answering = async <T>(ask: () => Promise<T>, what: string, tries = 200): Promise<T> => {
  let last: unknown
  for (let tried = 0; tried < tries; tried++) {
    try {
      return await ask()
    } catch (error) {
      last = error
      await sleep(50)
    }
  }
  throw new Error(`${what} did not answer within ${tries / 20} s`, { cause: last })
}
