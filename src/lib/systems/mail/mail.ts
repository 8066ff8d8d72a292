import { type Duration, seconds } from '../../clock.ts'
import type { System } from '../systems.ts'
import { askNames, type NamesOptions } from './names.ts'
import { askSubmission, type SubmissionOptions } from './submission.ts'
import type { MailReader, MailWriter } from './types.ts'

export type MailOptions = Omit<SubmissionOptions & NamesOptions, 'timeout'> & { readonly timeout?: Duration }

/** The server that the application hands its mail to, and what DNS says of its sender. */
export const mailSystem = (options: MailOptions): System<MailReader, MailWriter> => ({
  read: {
    submission: () => askSubmission({ ...options, timeout: options.timeout ?? seconds(5) }),
    ...askNames({ ...options, timeout: options.timeout ?? seconds(3) }),
  },
  write: {},
  say: {},
  close: async () => {},
})
