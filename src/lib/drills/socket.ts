import { createServer, request } from 'node:http'
import { join } from 'node:path'
import { systemClock } from '../clock.ts'
import { Blocked } from '../errors.ts'
import type { Hosted } from './host.ts'
import type { Checked, Standing } from './standing.ts'

/** In the sandbox's folder, which nobody but its owner may enter. */
export const socketOf = (dir: string): string => join(dir, 'drill.sock')

/** Lets other processes of the same user ask for a drill; `hosted` is there once it has broken. */
export const serveDrill = async (dir: string, hosted: () => Hosted | undefined): Promise<() => Promise<void>> => {
  const server = createServer((asked, response) => {
    const drill = hosted()
    const answer = async (): Promise<unknown> => {
      if (drill === undefined) return { waiting: true }
      if (asked.url === '/hint') return { hint: drill.hint(), ...drill.standing() }
      return asked.url === '/check' ? drill.check() : drill.standing()
    }
    answer().then(
      (value) => response.end(JSON.stringify(value)),
      (error: unknown) => response.writeHead(500).end(JSON.stringify({ error: String(error) })),
    )
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socketOf(dir), resolve))
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
}

const ask = (dir: string, path: string): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const asked = request({ socketPath: socketOf(dir), path, timeout: 20_000 }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      response.on('error', reject).on('end', () => (response.statusCode === 200 ? resolve(JSON.parse(text)) : reject(new Error(text))))
    })
    asked.on('timeout', () => asked.destroy(new Error('no answer within 20 s')))
    asked.on('error', reject).end()
  })

/** What the drill of a sandbox's folder says. `beginning`: its process may not listen yet. Throws Blocked (`drill-none`) where none runs. */
export const askDrill = async (
  dir: string,
  path: '/' | '/hint' | '/check',
  { beginning = false }: { readonly beginning?: boolean } = {},
): Promise<Standing & Partial<Checked> & { readonly hint?: string }> => {
  for (let waited = 0; ; waited += 100) {
    const answer = await ask(dir, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT' && error.code !== 'ECONNREFUSED') throw error
      return undefined
    })
    if (answer !== undefined && !(answer as { readonly waiting?: boolean }).waiting) return answer as Standing
    if ((answer === undefined && !beginning) || waited >= 20_000)
      throw new Blocked({ code: 'drill-none', failed: 'No drill runs', next: 'honeydue drill:start' })
    await systemClock.sleep(100)
  }
}
