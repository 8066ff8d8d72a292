import type { System } from '../systems.ts'
import { proveMail } from './prove-mail.ts'
import { type MailOptions, readMail } from './read-mail.ts'
import { type SayMailOptions, sayMail } from './say-mail.ts'
import type { Handed, MailProver, MailReader, MailWriter } from './types.ts'
import { writeMail } from './write-mail.ts'

export type { MailOptions } from './read-mail.ts'

/** The server that the application hands its mail to, and what DNS says of its sender. */
export const mailSystem = (options: MailOptions & SayMailOptions): System<MailReader, MailWriter, MailProver> => {
  const handed: Handed[] = []
  return {
    read: readMail(options, handed),
    write: writeMail(options, handed),
    say: sayMail(options),
    prove: proveMail(options),
    close: async () => {},
  }
}
