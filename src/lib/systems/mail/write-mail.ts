import { seconds } from '../../clock.ts'
import type { Reply } from './dialogue.ts'
import type { MailOptions } from './read-mail.ts'
import { overSubmission, type Talk } from './submission.ts'
import { testMessage } from './test-message.ts'
import { notKnown, notLoggedIn, turnedAway } from './trouble.ts'
import type { Handed, MailWriter } from './types.ts'

/** The writing half: a message of ours, by the login that the application has. */
export const writeMail = (options: MailOptions, handed: Handed[]): MailWriter => ({
  sendTest: async ({ from, to, id }) => {
    // Ctrl-C does not cut it off: nobody would know whether the message is on its way.
    const { signal: _, ...whole } = options
    const words = await overSubmission({ ...whole, timeout: options.timeout ?? seconds(30) }, (talk) =>
      handOver(talk, options, { from, to, message: testMessage({ from, to, id, host: options.host, at: new Date() }) }),
    )
    handed.push({ from, to, id, words })
  },
})

const handOver = async (
  { say, login }: Talk,
  server: MailOptions,
  { from, to, message }: { readonly from: string; readonly to: string; readonly message: string },
): Promise<string> => {
  if (login.is !== 'accepted') throw notLoggedIn(server, login)
  const expect = async (to: string, said: Promise<Reply>, code: number): Promise<Reply> => {
    const reply = await said
    if (reply.code !== code) throw turnedAway(server, to, reply)
    return reply
  }
  await expect(`MAIL FROM ${from}`, say(`MAIL FROM:<${from}>`), 250)
  await expect(`RCPT TO ${to}`, say(`RCPT TO:<${to}>`), 250)
  await expect('DATA', say('DATA'), 354)
  // From here on a connection that is lost says nothing of the message.
  const taken = await say(`${message}\r\n.`).catch((error: unknown) => {
    throw notKnown(server, error)
  })
  if (taken.code !== 250) throw turnedAway(server, 'the message', taken)
  return taken.words
}
