import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { Identity } from './certificates.ts'
import { endServer, listenOnLoopback } from './loopback.ts'

/** Serves HTTPS on a free port of 127.0.0.1. `answer` gets each request with its whole body; `cuts`: what becomes of a request in the place of an answer. */
export const serveHttps = async (
  { certificate: cert, key }: Identity,
  cuts: () => string,
  answer: (request: IncomingMessage, body: string, response: ServerResponse) => void,
): Promise<{ readonly port: number; readonly stop: () => Promise<void> }> => {
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const cut = cuts()
    if (cut === 'silence') return
    if (cut === 'reset') return void request.socket.destroy()
    if (cut === 'html') return void response.writeHead(200, { 'content-type': 'text/html' }).end('<html><h1>Hello</h1></html>')
    if (cut === 'no end') return withoutEnd(response)
    answer(request, Buffer.concat(chunks).toString(), response)
  }
  const server = createServer({ cert, key, ca: cert }, (request, response) => {
    serve(request, response).catch(() => response.writeHead(500).end())
  })
  return { port: await listenOnLoopback(server), stop: () => endServer(server) }
}

const block = Buffer.alloc(256 * 1024, 'x')

/** An answer that goes on until whoever asked has enough of it. */
const withoutEnd = (response: ServerResponse): void => {
  const more = (): void => {
    while (!response.destroyed && response.write(block));
  }
  response.on('drain', more).writeHead(200, { 'content-type': 'application/json' })
  more()
}
