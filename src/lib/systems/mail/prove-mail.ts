import { part, sh, words } from '../../shell.ts'
import { reaching } from '../curl.ts'
import type { SubmissionOptions } from './submission.ts'
import type { MailProver } from './types.ts'

/** curl's own code for a login that came to nothing, whether it was refused or put off. */
const denied = 67

/** The curl lines that stop where a login ends otherwise: STARTTLS or nothing, the password by its configuration on standard input, and no message. */
export const proveMail = ({ host, port, user, ...trust }: Omit<SubmissionOptions, 'timeout'>): MailProver => {
  const options = [...reaching(host, port, trust), '--ssl-reqd', '--sasl-ir', '-X', 'NOOP', `smtp://${host}:${port}`]
  // Who logs in is in no source of the book: where the configuration does not say it either, whoever goes by hand does.
  const as = user === undefined ? part(sh`"$MAIL_USER"`) : user
  return {
    letsIn: (file, wanted) => ({
      lines: [
        sh`code=0; { printf 'user = "%s:' ${as}; sed ${'s/[\\\\"]/\\\\&/g'} ${file} | tr -d '\\r\\n'; printf '"\\n'; } | curl -sS --max-time 30 -K - ${words(options)} > /dev/null || code=$?; test "$code" = ${wanted ? 0 : denied}`,
      ],
    }),
  }
}
