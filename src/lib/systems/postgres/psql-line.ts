import { part, type ShellLine, sh, words } from '../../shell.ts'
import type { Trust } from '../https.ts'
import { kubeconfigLine } from '../kube/kubeconfig-line.ts'
import { placeOf } from '../place.ts'
import type { PostgresTarget } from './types.ts'

/** The Secret that has the password, and whose cluster it is in. */
export interface PasswordPlace {
  readonly namespace: string
  readonly secret: string
  readonly kubeconfigs: readonly string[]
}

export type PsqlOptions = Trust & { readonly passwordOf?: PasswordPlace }

/** A value of a connection string as libpq reads it. */
const quoted = (value: string): string => (/^[\w.:/@-]+$/.test(value) ? value : `'${value.replace(/['\\]/g, '\\$&')}'`)

/** Where and as whom, as libpq's connection string. */
const conninfo = (target: PostgresTarget, { hostaddr, caFile }: Trust): string => {
  const place = placeOf(target.host, target.port, hostaddr)
  const settings = {
    host: target.host,
    ...(place.host !== target.host && { hostaddr: place.host }),
    port: String(place.port),
    user: target.user,
    dbname: target.database,
    sslmode: 'verify-full',
    sslrootcert: caFile ?? 'system',
  }
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${quoted(value)}`)
    .join(' ')
}

/** What psql relies on: the password in a variable, which no list of processes shows. */
export const beforePsql = ({ passwordOf }: PsqlOptions): readonly ShellLine[] =>
  passwordOf
    ? [
        kubeconfigLine(passwordOf.kubeconfigs),
        sh`POSTGRES_PASSWORD=$(kubectl -n ${passwordOf.namespace} get secret ${passwordOf.secret} -o jsonpath='{.data.POSTGRES_PASSWORD}' | openssl base64 -d -A)`,
      ]
    : []

/** psql with statements, which prints nothing but their values; `withPassword` goes before it. */
export const psqlWords =
  (options: PsqlOptions) =>
  (target: PostgresTarget, ...statements: readonly string[]): ShellLine =>
    sh`psql -XAt -v ON_ERROR_STOP=1 -d ${conninfo(target, options)} ${words(statements.flatMap((statement) => ['-c', statement]))}`

/** As the application's own role. By the environment of the one command: no list of processes shows it. */
export const withPassword = (line: ShellLine): ShellLine => sh`PGPASSWORD="$POSTGRES_PASSWORD" ${part(line)}`

export const psqlLine =
  (options: PsqlOptions) =>
  (target: PostgresTarget, ...statements: readonly string[]): ShellLine =>
    withPassword(psqlWords(options)(target, ...statements))

/** With the password that stands in a file, whatever the Secret has. */
export const withFile =
  (options: PsqlOptions) =>
  (target: PostgresTarget, file: string, ...statements: readonly string[]): ShellLine =>
    sh`PGPASSWORD=$(cat ${file}) ${part(psqlWords(options)(target, ...statements))}`
