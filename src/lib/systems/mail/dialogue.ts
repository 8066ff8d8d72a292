import type { Socket } from 'node:net'
import { notSmtp, type Server } from './trouble.ts'

/** What a server said to one command. */
export interface Reply {
  readonly code: number
  /** Its lines without their codes. */
  readonly lines: readonly string[]
  readonly words: string
}

/** No answer of a mail server is longer. */
const mostBytes = 16 * 1024

/** Speaks SMTP over a socket, line by line; `release` gives it up for TLS and says whether anything was left unread. */
export const dialogue = (socket: Socket, server: Server) => {
  let text = ''
  let ended: Error | undefined
  let wake: () => void = () => {}
  const take = (chunk: Buffer) => {
    text += chunk.toString('latin1')
    wake()
  }
  const end = (error?: Error) => {
    ended ??= error ?? Object.assign(new Error('closed'), { code: 'ECONNRESET' })
    wake()
  }
  socket
    .on('data', take)
    .on('error', end)
    .on('close', () => end())

  const line = async (): Promise<string> => {
    for (;;) {
      const at = text.indexOf('\n')
      if (at >= 0) {
        const found = text.slice(0, at).replace(/\r$/, '')
        text = text.slice(at + 1)
        return found
      }
      if (text.length > mostBytes) throw notSmtp(server, 'it says a line without an end')
      if (ended) throw ended
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }

  const reply = async (): Promise<Reply> => {
    const lines: string[] = []
    for (let length = 0; length <= mostBytes; ) {
      const said = await line()
      const [, code, more, words = ''] = /^(\d{3})([ -]|$)(.*)$/.exec(said) ?? []
      if (code === undefined) throw notSmtp(server, 'its first words are none of a mail server')
      length += said.length
      lines.push(words)
      if (more !== '-') return { code: Number(code), lines, words: lines.join(' ').trim() }
    }
    throw notSmtp(server, 'its answer has no end')
  }

  return {
    reply,
    say: (command: string): Promise<Reply> => {
      socket.write(`${command}\r\n`)
      return reply()
    },
    release: (): boolean => {
      socket.removeListener('data', take)
      return text === ''
    },
  }
}
