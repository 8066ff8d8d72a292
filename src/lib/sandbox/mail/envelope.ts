/** A message as a client said it. */
export interface TakenMessage {
  readonly from: string
  readonly to: readonly string[]
  /** Head and body, without the dots that SMTP adds. */
  readonly text: string
}

/** In the place of an answer: the connection ends. */
export const hangUp = 'hang up'

const addressIn = (line: string): string => /<([^>]*)>/.exec(line)?.[1] ?? ''

/** What is said between a login and the end of a message, of one connection: the answer to a line, "" for none, undefined where it is no line of it. */
export const envelopes = (take: (message: TakenMessage) => void) => {
  let open = false
  let from: string | undefined
  let to: string[] = []
  let lines: string[] | undefined
  return (line: string, trouble: string): string | undefined => {
    if (lines !== undefined) {
      if (line !== '.') {
        lines.push(line.replace(/^\./, ''))
        return ''
      }
      const message = { from: from ?? '', to, text: lines.join('\r\n') }
      lines = undefined
      from = undefined
      to = []
      if (trouble === 'message refused') return '554 5.7.1 Message content rejected'
      take(message)
      return trouble === 'lost after the message' ? hangUp : '250 2.0.0 Ok: queued as SANDBOX'
    }
    if (line === 'AUTH') {
      open = true
      return undefined
    }
    if (!open) return undefined
    if (/^MAIL FROM:/i.test(line)) {
      from = addressIn(line)
      return '250 2.1.0 Ok'
    }
    if (/^RCPT TO:/i.test(line)) {
      if (from === undefined) return '503 5.5.1 Error: need MAIL command'
      if (trouble === 'receiver refused') return '550 5.1.1 Recipient address rejected: User unknown'
      to.push(addressIn(line))
      return '250 2.1.5 Ok'
    }
    if (/^DATA$/i.test(line)) {
      if (to.length === 0) return '503 5.5.1 Error: need RCPT command'
      lines = []
      return '354 End data with <CR><LF>.<CR><LF>'
    }
    return undefined
  }
}
