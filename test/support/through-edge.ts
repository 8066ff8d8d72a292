import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import type { Sandbox } from '../../src/lib/sandbox/sandbox.ts'

/** One request through the edge of a sandbox, by name, on a connection of its own. */
export const throughEdge = (
  { dir, edge }: Sandbox,
  host: string,
  path = '/',
): Promise<{ readonly status: number; readonly body: string }> =>
  new Promise((resolve, reject) => {
    const asked = request(
      {
        host: '127.0.0.1',
        port: edge.port,
        path,
        servername: host,
        headers: { host },
        ca: readFileSync(join(dir, 'ca.crt')),
        agent: false,
      },
      (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
      },
    )
    asked.on('error', reject).end()
  })
