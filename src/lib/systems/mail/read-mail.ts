import type { Duration } from '../../clock.ts'
import { seconds } from '../../clock.ts'
import { askNames, type NamesOptions } from './names.ts'
import { askSubmission, type SubmissionOptions } from './submission.ts'
import type { Handed, MailReader } from './types.ts'

export type MailOptions = Omit<SubmissionOptions & NamesOptions, 'timeout'> & { readonly timeout?: Duration }

/** The reading half: nothing is sent. */
export const readMail = (options: MailOptions, handed: readonly Handed[]): MailReader => ({
  handed: async () => [...handed],
  submission: (password) =>
    askSubmission({ ...options, ...(password && { password: async () => password }), timeout: options.timeout ?? seconds(5) }),
  ...askNames({ ...options, timeout: options.timeout ?? seconds(3) }),
})
