import { type Duration, seconds } from '../../clock.ts'
import type { System } from '../systems.ts'
import { askNames, type NamesOptions } from './names.ts'
import { proveMail } from './prove-mail.ts'
import { askSubmission, type SubmissionOptions } from './submission.ts'
import type { MailProver, MailReader, MailWriter } from './types.ts'

export type MailOptions = Omit<SubmissionOptions & NamesOptions, 'timeout'> & { readonly timeout?: Duration }

/** The server that the application hands its mail to, and what DNS says of its sender. */
export const mailSystem = (options: MailOptions): System<MailReader, MailWriter, MailProver> => ({
  read: {
    submission: (password) =>
      askSubmission({ ...options, ...(password && { password: async () => password }), timeout: options.timeout ?? seconds(5) }),
    ...askNames({ ...options, timeout: options.timeout ?? seconds(3) }),
  },
  write: {},
  say: {},
  prove: proveMail(options),
  close: async () => {},
})
