import { execFileSync } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuthority } from '../../../src/lib/sandbox/certificates.ts'
import { mailHost } from '../../../src/lib/sandbox/deployment/facts.ts'
import { type Kept, login, type MailWorld, nobody } from '../../contract/mail/world.ts'
import { installed } from '../../support/installed.ts'
import { answering, freePort, startServer } from '../processes.ts'

/** Whom Exim runs as, and what it keeps belongs to: the package makes that user. */
const account = 'Debian-exim'

/** Takes mail over STARTTLS from one user, and keeps all of it in its queue. */
const configuration = ({ port, folder }: { readonly port: number; readonly folder: string }): string => `
primary_hostname = exim.invalid
daemon_smtp_ports = ${port}
local_interfaces = 127.0.0.1
spool_directory = ${folder}/spool
log_file_path = ${folder}/log/%slog
pid_file_path = ${folder}/spool/exim.pid
tls_certificate = ${folder}/server.crt
tls_privatekey = ${folder}/server.key
tls_advertise_hosts = *
auth_advertise_hosts = \${if eq{$tls_in_cipher}{}{}{*}}
acl_smtp_rcpt = receivers
queue_only = true
keep_environment =
begin acl
receivers:
  deny !authenticated = *
    message = authentication required
  deny recipients = ${nobody}
    message = nobody has this address
  accept
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = \${if and{{eq{$auth2}{${login.user}}}{eq{$auth3}{${login.password}}}}}
  server_set_id = $auth2
`

/** Debian's Exim, which wants root for its own user and needs no other service. */
export const realMail = async (): Promise<MailWorld> => {
  const command = installed('exim4', 'exim4-daemon-light')
  if (process.getuid?.() !== 0) throw new Error('Exim is started as root, and gives that up by itself')
  const [uid, gid] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, account], { encoding: 'utf8' })))
  const folder = await mkdtemp(join(tmpdir(), 'honeydue-exim-'))
  await chmod(folder, 0o755)
  const own = (path: string) => {
    if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid)
    return path
  }
  for (const name of ['spool', 'log']) {
    mkdirSync(join(folder, name))
    own(join(folder, name))
  }
  const authority = createAuthority('honeyDue real')
  const identity = authority.issue({ commonName: mailHost, names: [mailHost] })
  const caFile = join(folder, 'ca.crt')
  writeFileSync(caFile, authority.certificate)
  writeFileSync(join(folder, 'server.crt'), identity.certificate)
  writeFileSync(join(folder, 'server.key'), identity.key, { mode: 0o600 })
  own(join(folder, 'server.key'))
  const port = await freePort()
  const file = join(folder, 'exim.conf')
  writeFileSync(file, configuration({ port, folder }), { mode: 0o640 })
  if (gid !== undefined) chownSync(file, 0, gid)
  const running = await startServer(command, ['-C', file, '-bdf'], { cwd: folder })
  let frozen = false
  const thaw = (): void => {
    if (frozen) process.kill(running.pid, 'SIGCONT')
    frozen = false
  }
  const queue = join(folder, 'spool/input')
  const stop = async () => {
    thaw()
    await running.stop()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await answering(() => greeted(port), 'exim4')
  } catch (error) {
    await stop()
    throw error
  }
  return {
    port,
    hostaddr: { [mailHost]: `127.0.0.1:${port}` },
    caFile,
    kept: async () =>
      (existsSync(queue) ? readdirSync(queue) : []).filter((name) => name.endsWith('-H')).map((name) => keptIn(join(queue, name))),
    async silent() {
      frozen = true
      process.kill(running.pid, 'SIGSTOP')
    },
    // It knows one such address from the start.
    refusing: async () => {},
    async reset() {
      thaw()
      for (const name of existsSync(queue) ? readdirSync(queue) : []) rmSync(join(queue, name))
    },
    stop,
  }
}

const greeted = (port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.once('error', reject).once('close', () => reject(new Error('closed')))
    socket.once('data', () => {
      socket.destroy()
      resolve()
    })
  })

/** A message of Exim's queue: the sender in angle brackets, the number of receivers and each on a line, then the head with lengths before it. */
const keptIn = (file: string): Kept => {
  const text = readFileSync(file, 'utf8')
  const lines = text.split('\n')
  const count = lines.findIndex((line, i) => i > 3 && /^\d+$/.test(line))
  const blank = lines.indexOf('', count)
  return {
    from: /^<(.*)>$/m.exec(text)?.[1] ?? '',
    to: lines.slice(count + 1, blank),
    id: /^\d{3}. Message-ID: <([^>]*)>/im.exec(text)?.[1] ?? '',
  }
}
