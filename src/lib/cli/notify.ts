import { endAfter } from '../clock.ts'
import type { Environment } from '../environment/schema.ts'
import { httpsTo } from '../systems/https.ts'
import type { Prompts } from './prompts.ts'
import { shown } from './shown.ts'
import { typedLine } from './typed-line.ts'

/** Tells somebody who has turned away: by the terminal's bell and its notification, and by the webhook of the environment, if it has one. */
export type Notify = (event: 'waits' | 'ended', text: string) => Promise<void>

/** Nobody waits longer for whoever passes it on. */
const patience = 3000

/** OSC 9 (iTerm2, Windows Terminal, WezTerm, Ghostty), OSC 777 (rxvt, foot, VTE) and the bell; a terminal shows what it knows. */
export const terminalNotice = (title: string, text: string): string => {
  const plain = (one: string) => shown(one).replaceAll(';', ',')
  return `\u001B]9;${plain(`${title}: ${text}`)}\u0007\u001B]777;notify;${plain(title)};${plain(text)}\u0007\u0007`
}

export const notifier = (
  { name, notify: { webhook }, hostaddr, ca }: Environment,
  command: string,
  { stream = process.stderr, say }: { readonly stream?: Pick<NodeJS.WriteStream, 'isTTY' | 'write'>; readonly say: (line: string) => void },
): Notify => {
  const post = httpsTo({ hostaddr, ...(ca !== undefined && { caFile: ca }) })
  return async (event, text) => {
    if (stream.isTTY) stream.write(terminalNotice(typedLine(command, []), `${name}: ${text}`))
    if (webhook === undefined) return
    try {
      const body = JSON.stringify({ text: `honeydue ${command} (${name}): ${text}`, event, environment: name, command })
      const response = await post(new URL(webhook), {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) },
        body,
        signal: endAfter(patience),
      })
      response.on('error', () => {}).destroy()
      if ((response.statusCode ?? 500) >= 400) say(`The webhook of notify answers ${response.statusCode}: nobody was told by it.`)
    } catch (error) {
      // Its address may hold a token: it is not named.
      say(`The webhook of notify does not answer (${(error as NodeJS.ErrnoException).code ?? 'no answer'}): nobody was told by it.`)
    }
  }
}

/** The same questions, each told before it is put. */
export const notifying = (prompts: Prompts, notify: Notify): Prompts => ({
  ...prompts,
  yes: async (message, ...rest) => {
    await notify('waits', message)
    return prompts.yes(message, ...rest)
  },
  subject: async (subject, ...rest) => {
    await notify('waits', `${subject} is to be typed`)
    return prompts.subject(subject, ...rest)
  },
})
