import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import type { ServerChannel, Session } from 'ssh2'
import { tell } from '../asked.ts'
import type { NodeFolder } from './state.ts'

export interface SessionPlace {
  readonly folder: NodeFolder
  readonly user: string
  readonly children: Set<ChildProcess>
  /** Called at a command's first output: where a dying node dies. */
  onOutput(): void
  /** Called at the end of a command that asked for a reboot. */
  onReboot(): void
  /** Called at the end of each command. */
  onEnd(): void
}

// Without a chroot (which needs root) these absolute paths of a node are led into its own folder, where a command line names them.
const ownPaths =
  /(?<![\w./-])\/(?:(?:var\/)?run\/reboot-required|usr\/local\/bin(?=\/k3s)|etc\/default\/ufw|etc\/rancher\/k3s|var\/lib\/rancher\/k3s|var\/lib\/apt|var\/lib\/dpkg|root\/\.ssh|home\/[\w.-]+\/\.ssh|etc\/ssh\/authorized_keys|proc\/locks|proc\/stat|proc\/sys\/kernel\/random\/boot_id)(?![\w-])/g
const locale = /^(LANG|LC_\w+)$/

/** As sshd and a login shell treat a command: `command=` of authorized_keys runs in its place, a start-up file before it. */
const asLoggedIn = ({ forced, startup }: NodeFolder, line: string): string =>
  existsSync(forced) ? readFileSync(forced, 'utf8') : existsSync(startup) ? `${readFileSync(startup, 'utf8')}\n${line}` : line

/** Ends what a command has started, as a group. */
export const killGroup = (child: ChildProcess, signal: NodeJS.Signals): void => {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  try {
    process.kill(-child.pid, signal)
  } catch {
    child.kill(signal)
  }
}

/** One session channel: `exec` and `shell` through /bin/sh, with the node's commands first in PATH. A pseudo-terminal is refused, as sshd does when it has none left. */
export const serveSession = (session: Session, place: SessionPlace): void => {
  const { folder, user, children } = place
  const env: Record<string, string> = { PATH: folder.path, HOME: folder.home, USER: user, LOGNAME: user, SHELL: '/bin/sh', LANG: 'C.UTF-8' }
  // As sshd tells it: from which address and port, to which.
  env['SSH_CONNECTION'] = `198.51.100.77 50022 ${folder.read('address').trim()} 22`
  let running: ChildProcess | undefined
  let interactive = false

  const run = (channel: ServerChannel, args: readonly string[]) => {
    folder.enter()
    const child = spawn('/bin/sh', args, { cwd: folder.home, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
    running = child
    children.add(child)
    // A command that ends without reading its input, and a client that has gone, are everyday events.
    child.stdin.on('error', () => {})
    channel.on('error', () => {})
    channel.stderr.on('error', () => {})
    channel.pipe(child.stdin)
    child.stdout.pipe(channel, { end: false })
    child.stderr.pipe(channel.stderr, { end: false })
    child.stdout.once('data', () => place.onOutput())
    channel.on('close', () => {
      child.stdout.destroy()
      child.stderr.destroy()
      child.stdin.destroy()
    })
    child.on('error', () => channel.close())
    child.on('close', (code, signal) => {
      folder.enter()
      children.delete(child)
      place.onEnd()
      if (folder.rebootAsked()) return place.onReboot()
      if (channel.destroyed) return
      if (signal === null) channel.exit(code ?? 255)
      else channel.exit(signal.replace(/^SIG/, ''), false, '')
      channel.end()
      channel.close()
    })
  }

  session.on('env', (accept, _reject, { key, val }) => {
    if (locale.test(key)) env[key] = val
    accept?.()
  })
  session.on('pty', (_accept, reject) => {
    interactive = true
    reject?.()
  })
  session.on('signal', (accept, _reject, { name }) => {
    if (running) killGroup(running, `SIG${name}` as NodeJS.Signals)
    accept?.()
  })
  session.on('exec', (accept, _reject, { command }) => {
    tell(() => ({ system: 'nodes', said: command }))
    const own = (path: string) =>
      path.endsWith('ufw') ? `${folder.state}/ufw/defaults` : `${folder.root}${path.replace(/^\/run/, '/var/run')}`
    const line = command.replaceAll(ownPaths, (path) => own(path).replaceAll(/[^\w./-]/g, '\\$&'))
    run(accept(), ['-c', asLoggedIn(folder, line)])
  })
  session.on('shell', (accept) => run(accept(), interactive ? ['-i'] : []))
}
