import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuthority } from '../../../src/lib/sandbox/certificates.ts'
import { observability as facts } from '../../../src/lib/sandbox/deployment/facts.ts'
import { token } from '../../contract/observability/world.ts'
import { installed } from '../../support/installed.ts'
import { answering, freePort, startServer } from '../processes.ts'

/** nginx as chapter 15 has it before both stores: one token for all of them. */
const configuration = (folder: string, port: number, locations: readonly string[]): string => `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log /dev/null;
events { worker_connections 64; }
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${folder}/server.crt;
    ssl_certificate_key ${folder}/server.key;
    if ($http_authorization != "Bearer ${token}") { return 401; }
    ${locations.join('\n    ')}
  }
}
`

/** Debian's nginx with a folder for whatever stands behind it, which `stop` takes away. */
export const startGate = async (name: string, locations: readonly string[]) => {
  const nginx = installed('nginx', 'nginx')
  const folder = await mkdtemp(join(tmpdir(), `honeydue-${name}-`))
  const file = (called: string, text: string): string => {
    writeFileSync(join(folder, called), text, { mode: 0o600 })
    return join(folder, called)
  }
  const authority = createAuthority('honeyDue real')
  const identity = authority.issue({ commonName: facts.host, names: [facts.host] })
  const caFile = file('ca.crt', authority.certificate)
  file('server.crt', identity.certificate)
  file('server.key', identity.key)
  const port = await freePort()
  const own = file('nginx.conf', configuration(folder, port, locations))
  const running = await startServer(nginx, ['-e', '/dev/null', '-c', own], { cwd: folder })
  const stop = async () => {
    await running.stop()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    // It speaks TLS: any answer will do.
    await answering(() => fetch(`http://127.0.0.1:${port}/`), 'nginx')
  } catch (error) {
    await stop()
    throw error
  }
  return { folder, file, port, pid: running.pid, caFile, hostaddr: { [facts.host]: `127.0.0.1:${port}` }, stop }
}

/** Throws where an answer is no yes. */
export const taken = async (answer: Response): Promise<void> => {
  if (!answer.ok) throw new Error(`${answer.url} answered ${answer.status}: ${await answer.text()}`)
}
