/** What a test message says, to whoever finds it. No line of it begins with a dot, which SMTP would take for its end. */
export const testText = (host: string): string =>
  `This message was sent by hand to find out whether mail leaves through ${host} and arrives. Nothing has to be done.`

export const testSubject = 'honeydue: a test message'

/** A whole message, as SMTP takes it. */
export const testMessage = ({
  from,
  to,
  id,
  host,
  at,
}: {
  readonly from: string
  readonly to: string
  readonly id: string
  readonly host: string
  readonly at: Date
}): string =>
  [
    `From: <${from}>`,
    `To: <${to}>`,
    `Subject: ${testSubject}`,
    `Date: ${at.toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <${id}>`,
    // What answers by itself answers no such message (RFC 3834).
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=us-ascii',
    '',
    testText(host),
  ].join('\r\n')
