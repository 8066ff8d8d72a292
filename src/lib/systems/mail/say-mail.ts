import { part, type ShellLine, sh, words } from '../../shell.ts'
import { reaching } from '../curl.ts'
import type { Trust } from '../https.ts'
import { kubeconfigLine } from '../kube/kubeconfig-line.ts'
import type { System } from '../systems.ts'
import { testSubject, testText } from './test-message.ts'
import type { MailReader, MailWriter } from './types.ts'

export interface SayMailOptions extends Trust {
  readonly host: string
  readonly port: number
  readonly user?: string | undefined
  /** The Secret that has the password, under which key, and whose cluster it is in. */
  readonly passwordOf?: {
    readonly namespace: string
    readonly secret: string
    readonly key: string
    readonly kubeconfigs: readonly string[]
  }
}

/** curl as a mail program. */
const curlMail = ({ host, port, ...trust }: SayMailOptions): ShellLine =>
  sh`curl -sS --max-time 60 --ssl-reqd --sasl-ir ${words([...reaching(host, port, trust), '--url', `smtp://${host}:${port}/localhost`])}`

/** What the lines rely on. Login and password go in on standard input, so that no process list shows them. */
const before = (options: SayMailOptions): readonly ShellLine[] => {
  const { passwordOf, user } = options
  return [
    ...(passwordOf === undefined
      ? [sh`: "\${MAIL_PASSWORD:?the password of the submission account}"`]
      : [
          kubeconfigLine(passwordOf.kubeconfigs),
          sh`MAIL_PASSWORD=$(kubectl -n ${passwordOf.namespace} get secret ${passwordOf.secret} -o jsonpath=${`{.data.${passwordOf.key}}`} | openssl base64 -d -A)`,
        ]),
    user === undefined ? sh`: "\${MAIL_USER:?who logs in}"` : sh`MAIL_USER=${user}`,
    // A backslash and a quotation mark end a word of curl's configuration.
    sh`mail() { printf '%s:%s' "$MAIL_USER" "$MAIL_PASSWORD" | sed 's/[\\\\"]/\\\\&/g; s/^/user = "/; s/$/"/' | ${part(curlMail(options))} -K - "$@"; }`,
  ]
}

/** The curl lines that send what the writer sends. */
export const sayMail = (options: SayMailOptions): System<MailReader, MailWriter>['say'] => ({
  sendTest: ({ from, to }) => ({
    before: before(options),
    line: [
      sh`from=${from} to=${to}`,
      sh`id=$(LC_ALL=C date -u +%Y%m%d%H%M%S).$$@"\${from##*@}"`,
      sh`mail --mail-from "$from" --mail-rcpt "$to" -H "From: <$from>" -H "To: <$to>" -H ${`Subject: ${testSubject}`} -H "Date: $(LC_ALL=C date -u '+%a, %d %b %Y %H:%M:%S +0000')" -H "Message-ID: <$id>" -H 'Auto-Submitted: auto-generated' -F ${`=${testText(options.host)}`}`,
      sh`echo "handed over: $id"`,
    ],
    target: `a message to ${to}`,
  }),
})
