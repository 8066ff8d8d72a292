import type { ChildProcess } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { connect, createServer, type Socket } from 'node:net'
import ssh2, { type Algorithms, type Connection, type Server as SshServer } from 'ssh2'
import { atMost, seconds, systemClock } from '../../clock.ts'
import { authorizedFor } from './authorized.ts'
import { killGroup, serveSession } from './session.ts'
import { slowLink } from './slow-link.ts'
import { newSshKey } from './ssh-key.ts'
import type { NodeFolder } from './state.ts'

const { Server } = ssh2

/** What is wrong with a node: refuses connections, accepts and says nothing, dies at a command's first output, shows another host key, answers late, has no session left, has one alone, knows old algorithms alone, does not come back from its next reboot. */
export type NodeFault =
  | 'down'
  | 'silent'
  | 'dies-mid-command'
  | 'changed-host-key'
  | 'no-sessions'
  | 'one-session'
  | 'old-algorithms'
  | 'stays-down'
  | { readonly delayMs: number }

/** Where a forwarded connection leads; undefined: refused. */
export type Reach = (host: string, port: number) => { readonly host: string; readonly port: number } | undefined

/** sshd's MaxSessions, by default. */
const maxSessions = 10

/** Milliseconds. */
export interface BootSpeed {
  /** From going down to answering again. */
  readonly bootMs: number
  /** From then until k3s is active. */
  readonly k3sMs: number
}

export interface NodeServer {
  readonly port: number
  readonly hostKey: string
  up(): boolean
  /** Shows a fault, or none; a reboot under way comes to nothing. */
  set(fault: NodeFault | undefined): Promise<void>
  reboot(): Promise<void>
  /** Another machine answers in its place, by a host key of its own; its k3s starts. */
  succeed(): Promise<void>
  /** Ends the commands that run, whoever began them: one that reboots would do it to the node as it is put back. */
  still(): Promise<void>
  stop(): Promise<void>
}

/** One SSH server on a random loopback port: whoever has a key of its authorized_keys may in, as any user. */
export const startNodeServer = async (options: {
  folder: NodeFolder
  reach: Reach
  speed: BootSpeed
  /** Called at the end of each command. */
  onEnd: () => void
}): Promise<NodeServer> => {
  const { folder, reach, speed } = options
  let own = newSshKey('sandbox')
  const foreign = newSshKey('sandbox')
  const sockets = new Set<Socket>()
  const children = new Set<ChildProcess>()
  let fault: NodeFault | undefined

  const authenticate = (connection: Connection, signedIn: (user: string) => void) =>
    connection.on('authentication', (context) => {
      if (context.method !== 'publickey') return context.reject(['publickey'])
      const authorized = authorizedFor(folder, context.username).find((one) => context.key.data.equals(one.getPublicSSH()))
      if (authorized === undefined) return context.reject(['publickey'])
      if (context.signature && context.blob && authorized.verify(context.blob, context.signature, context.hashAlgo) !== true)
        return context.reject(['publickey'])
      signedIn(context.username)
      context.accept()
    })

  const serve = (connection: Connection) => {
    let user = 'root'
    let sessions = 0
    connection.on('error', () => {})
    authenticate(connection, (name) => {
      user = name
    })
    connection.on('session', (accept, reject) => {
      if (sessions >= (fault === 'no-sessions' ? 0 : fault === 'one-session' ? 1 : maxSessions)) return reject()
      sessions += 1
      const session = accept()
      session.once('close', () => {
        // As sshd frees it: a moment after its end has been told.
        void systemClock.sleep(fault === 'one-session' ? 30 : 0).then(() => {
          sessions -= 1
        })
      })
      serveSession(session, {
        folder,
        user,
        children,
        onOutput: () => fault === 'dies-mid-command' && breakAll(),
        onReboot: () => void reboot(),
        onEnd: options.onEnd,
      })
    })
    connection.on('tcpip', (accept, reject, { destIP, destPort }) => {
      const target = reach(destIP, destPort)
      if (!target) return reject()
      const socket = connect({ ...target, noDelay: true })
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
      socket.on('error', () => {})
      socket.once('error', () => socket.pending && reject())
      socket.once('connect', () => {
        const channel = accept()
        channel.on('error', () => {})
        channel.on('close', () => socket.destroy())
        socket.on('close', () => channel.close())
        socket.pipe(channel).pipe(socket)
      })
    })
  }

  const serverWith = (key: string, algorithms?: Algorithms): SshServer =>
    new Server({ hostKeys: [key], ident: 'OpenSSH_9.6p1', ...(algorithms && { algorithms }) }, serve)
  const old: Algorithms = { kex: ['diffie-hellman-group14-sha1'], cipher: ['aes128-cbc'] }
  const made = () => [serverWith(own.private), serverWith(foreign.private), serverWith(own.private, old)] as const
  let [server, impostor, ancient] = made()
  const listener = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    if (fault === 'silent') return void socket.resume()
    const link = typeof fault === 'object' ? slowLink(socket, fault.delayMs) : socket
    ;(fault === 'changed-host-key' ? impostor : fault === 'old-algorithms' ? ancient : server).injectSocket(link as Socket)
  })

  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => {
      listener.once('error', reject)
      listener.listen(port, '127.0.0.1', () => {
        listener.removeListener('error', reject)
        resolve()
      })
    })
  const breakAll = () => {
    for (const socket of sockets) socket.destroy()
  }
  const close = () =>
    new Promise<void>((resolve) => {
      breakAll()
      listener.listening ? listener.close(() => resolve()) : resolve()
    })

  // What is connected is cut off before it hears how its command ended, as a machine that goes down at once does.
  let rebooting: AbortController | undefined
  const reboot = async () => {
    rebooting?.abort()
    const own = new AbortController()
    rebooting = own
    folder.startAnew()
    try {
      await close()
      await systemClock.sleep(speed.bootMs, own.signal)
      if (fault === 'stays-down') return
      await listen(port)
      await systemClock.sleep(speed.k3sMs, own.signal)
      await folder.startK3s()
    } catch (error) {
      if (!own.signal.aborted) throw error
    }
  }
  // A node that is down has let go of its port: it lies below those that systems give to outgoing connections, or one of these would have it.
  const listenSomewhere = async (): Promise<number> => {
    for (let attempt = 1; ; attempt++) {
      const port = randomInt(20_000, 32_000)
      try {
        await listen(port)
        return port
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || attempt === 50) throw error
      }
    }
  }
  const port = await listenSomewhere()
  const set = async (next: NodeFault | undefined) => {
    rebooting?.abort()
    // For what the others' members of etcd say of its own.
    if ((next === 'down') !== (fault === 'down')) folder.write('away', next === 'down' ? 'yes\n' : '')
    fault = next
    if (next === 'down') await close()
    else if (!listener.listening) await listen(port)
  }
  return {
    port,
    get hostKey() {
      return own.public.split(' ').slice(0, 2).join(' ')
    },
    up: () => listener.listening,
    set,
    reboot,
    async succeed() {
      rebooting?.abort()
      own = newSshKey('sandbox')
      ;[server, impostor, ancient] = made()
      folder.startAnew()
      await close()
      await set(undefined)
      await folder.startK3s()
    },
    async still() {
      const ends = [...children].map((child) => new Promise((resolve) => child.once('close', resolve)))
      for (const child of children) killGroup(child, 'SIGKILL')
      await atMost(systemClock, seconds(2), Promise.all(ends))
    },
    async stop() {
      rebooting?.abort()
      await close()
      for (const child of children) killGroup(child, 'SIGKILL')
    },
  }
}
