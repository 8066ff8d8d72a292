import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { WebSocket } from 'ws'
import { isJson } from '../schema/json.ts'
import { apart } from './apart.ts'
import { imagePrograms, programIn } from './image-programs.ts'
import type { Log } from './log.ts'
import { resizeTerminal, type Size, spawnOnTerminal } from './terminal.ts'

const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 }
const firstSizeWithin = 200

interface Command {
  readonly protocol: string
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly tty: boolean
  readonly stdin: boolean
  /** Where the Redis of this pod is, if it is one. */
  readonly redis: { readonly host: string; readonly port: number } | undefined
}

const send = (socket: WebSocket, to: number, data: Buffer | string): void => {
  if (socket.readyState === socket.OPEN) socket.send(Buffer.concat([Buffer.from([to]), Buffer.from(data)]))
}

/**
 * Runs the command on this machine, in an empty folder, with the container's environment and the programs that an image has, off this machine's
 * network where the system can (apart.ts). Ends with a status on the error channel.
 */
export function exec(socket: WebSocket, run: Command): void {
  const room = mkdtempSync(join(tmpdir(), 'honeydue-exec-'))
  const [programs, home] = [join(room, 'bin'), join(room, 'home')]
  mkdirSync(home)
  const redis = run.redis && redisSocket(join(room, 'redis.sock'), run.redis)
  imagePrograms(programs, redis?.path)
  const program = programIn(programs, run.command[0] ?? '')
  let child: ChildProcess | undefined
  let over = false
  const early: Buffer[] = []
  const clear = (): void => {
    over = true
    redis?.server.close()
    rmSync(room, { recursive: true, force: true })
  }
  const finish = (status: object): void => {
    if (over) return
    clear()
    send(socket, channel.error, JSON.stringify({ metadata: {}, ...status }))
    socket.close(1000)
  }
  const begin = (size?: Size): void => {
    if (child || over) return
    child = start({ ...run, command: [program ?? '', ...run.command.slice(1)] }, size, { programs, home })
    child.stdout?.on('data', (data: Buffer) => send(socket, channel.stdout, data))
    child.stderr?.on('data', (data: Buffer) => send(socket, run.tty ? channel.stdout : channel.stderr, data))
    child.stdin?.on('error', () => child?.stdin?.destroy())
    if (!run.stdin) child.stdin?.end()
    for (const message of early.splice(0)) feed(message)
    child.on('error', () => finish(notFound(run.command)))
    child.on('close', (code, signal) => finish(ended(code ?? (signal === 'SIGKILL' ? 137 : 143))))
  }
  const feed = (message: Buffer): void => {
    const size = message[0] === channel.resize ? sizeOf(message.subarray(1)) : undefined
    if (size && child) resizeTerminal(child, size)
    else if (size) begin(size)
    else if (!child) early.push(message)
    else if (message[0] === channel.stdin && message.length > 1) child.stdin?.write(message.subarray(1))
    else if (run.protocol === 'v5.channel.k8s.io' && message[0] === channel.close && message[1] === channel.stdin) child.stdin?.end()
  }
  socket.on('message', feed)
  socket.on('close', () => {
    clear()
    kill(child)
  })
  if (program === undefined) finish(notFound(run.command))
  // A client with a terminal says its size at once: the command is to see it from the start.
  else if (run.tty) setTimeout(begin, firstSizeWithin)
  else begin()
}

/** A way to the sandbox's Redis that a process without a network has too. */
const redisSocket = (
  path: string,
  place: { readonly host: string; readonly port: number },
): { readonly path: string; readonly server: Server } => {
  const server = createServer((socket) => {
    const onward = connect(place)
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const)
      one.on('error', () => other.destroy()).on('close', () => other.destroy())
    socket.pipe(onward).pipe(socket)
  })
  server.on('error', () => {})
  server.listen(path).unref()
  return { path, server }
}

function start(
  run: Command,
  size: Size | undefined,
  { programs, home }: { readonly programs: string; readonly home: string },
): ChildProcess {
  const command = [...apart(), ...run.command]
  const [program = '', ...args] = command
  const env = { ...(run.tty ? { TERM: 'xterm' } : {}), ...run.env, PATH: programs, HOME: home }
  const options = { cwd: home, env, detached: true, stdio: 'pipe' } as const
  return run.tty ? spawnOnTerminal(command, size, options) : spawn(program, args, options)
}

function sizeOf(message: Buffer): Size | undefined {
  try {
    const size: unknown = JSON.parse(message.toString())
    return isJson(size) && Number(size['Width']) > 0 && Number(size['Height']) > 0
      ? { Width: Number(size['Width']), Height: Number(size['Height']) }
      : undefined
  } catch {
    return undefined
  }
}

const notFound = ([program = '']: readonly string[]) => ({
  status: 'Failure',
  message: `Internal error occurred: error executing command in container: exec: "${program}": executable file not found in $PATH`,
  reason: 'InternalError',
  details: { causes: [{ message: `exec: "${program}": executable file not found in $PATH` }] },
  code: 500,
})

const ended = (exit: number) =>
  exit === 0
    ? { status: 'Success' }
    : {
        status: 'Failure',
        message: `command terminated with non-zero exit code: exit status ${exit}`,
        reason: 'NonZeroExitCode',
        details: { causes: [{ reason: 'ExitCode', message: String(exit) }] },
      }

/** The whole group: a shell's children would outlive it. */
function kill(child: ChildProcess | undefined): void {
  if (child?.pid === undefined || child.exitCode !== null) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    child.kill('SIGKILL')
  }
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
