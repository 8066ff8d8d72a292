import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { WebSocket } from 'ws'
import type { Log } from './log.ts'

const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, close: 255 }

interface Command {
  readonly protocol: string
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly tty: boolean
  readonly stdin: boolean
}

const send = (socket: WebSocket, to: number, data: Buffer | string): void => {
  if (socket.readyState === socket.OPEN) socket.send(Buffer.concat([Buffer.from([to]), Buffer.from(data)]))
}

/** Runs the command on this machine, in an empty folder, with the container's environment; ends with a status on the error channel. */
export function exec(socket: WebSocket, { protocol, command, env, tty, stdin }: Command): void {
  const [program = '', ...args] = command
  const home = mkdtempSync(join(tmpdir(), 'honeydue-exec-'))
  const path = env['PATH'] ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
  const child = spawn(program, args, {
    cwd: home,
    env: { PATH: path, HOME: home, ...(tty ? { TERM: 'xterm' } : {}), ...env },
    detached: true,
    stdio: 'pipe',
  })
  let over = false
  const finish = (status: object): void => {
    if (over) return
    over = true
    rmSync(home, { recursive: true, force: true })
    send(socket, channel.error, JSON.stringify({ metadata: {}, ...status }))
    socket.close(1000)
  }
  child.stdout.on('data', (data: Buffer) => send(socket, channel.stdout, data))
  child.stderr.on('data', (data: Buffer) => send(socket, tty ? channel.stdout : channel.stderr, data))
  child.stdin.on('error', () => child.stdin.destroy())
  if (!stdin) child.stdin.end()
  child.on('error', () =>
    finish({
      status: 'Failure',
      message: `Internal error occurred: error executing command in container: exec: "${program}": executable file not found in $PATH`,
      reason: 'InternalError',
      details: { causes: [{ message: `exec: "${program}": executable file not found in $PATH` }] },
      code: 500,
    }),
  )
  child.on('close', (code, signal) => {
    const exit = code ?? (signal === 'SIGKILL' ? 137 : 143)
    if (exit === 0) finish({ status: 'Success' })
    else
      finish({
        status: 'Failure',
        message: `command terminated with non-zero exit code: exit status ${exit}`,
        reason: 'NonZeroExitCode',
        details: { causes: [{ reason: 'ExitCode', message: String(exit) }] },
      })
  })
  socket.on('message', (message: Buffer) => {
    if (message[0] === channel.stdin && message.length > 1) child.stdin.write(message.subarray(1))
    if (protocol === 'v5.channel.k8s.io' && message[0] === channel.close && message[1] === channel.stdin) child.stdin.end()
  })
  socket.on('close', () => {
    if (over) return
    over = true
    rmSync(home, { recursive: true, force: true })
    // The whole group: a shell's children would outlive it.
    if (child.pid !== undefined && child.exitCode === null) {
      try {
        process.kill(-child.pid, 'SIGKILL')
      } catch {
        child.kill('SIGKILL')
      }
    }
  })
}

/** Shows what the container writes from now on, until it ends. */
export function attach(socket: WebSocket, log: Log | undefined): void {
  const stop = log?.follow((line) => {
    if (line) return send(socket, channel.stdout, `${line.text}\n`)
    send(socket, channel.error, JSON.stringify({ metadata: {}, status: 'Success' }))
    socket.close(1000)
  })
  socket.on('close', () => stop?.())
}
