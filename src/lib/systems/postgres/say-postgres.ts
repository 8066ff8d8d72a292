import { part, type ShellLine, sh, words } from '../../shell.ts'
import type { Trust } from '../https.ts'
import { kubeconfigLine } from '../kube/say-kube.ts'
import { placeOf } from '../place.ts'
import type { Said, System } from '../systems.ts'
import { markStatements } from './catalog.ts'
import { dropStatement, endStatement, invalidStatement, literal, rebuildStatement } from './statements.ts'
import type { InvalidIndex, PostgresReader, PostgresTarget, PostgresWriter } from './types.ts'

/** The Secret that has the password, and whose cluster it is in. */
export interface PasswordPlace {
  readonly namespace: string
  readonly secret: string
  readonly kubeconfigs: readonly string[]
}

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

/** The psql lines that do what the writer does. A line whose statement finds nothing to act upon fails. */
export const sayPostgres = ({
  passwordOf,
  ...trust
}: Trust & { readonly passwordOf?: PasswordPlace }): System<PostgresReader, PostgresWriter>['say'] => {
  const before: readonly ShellLine[] = passwordOf
    ? [
        kubeconfigLine(passwordOf.kubeconfigs),
        sh`POSTGRES_PASSWORD=$(kubectl -n ${passwordOf.namespace} get secret ${passwordOf.secret} -o jsonpath='{.data.POSTGRES_PASSWORD}' | openssl base64 -d -A)`,
      ]
    : []
  const psql = (target: PostgresTarget, ...statements: readonly string[]): ShellLine =>
    sh`PGPASSWORD="$POSTGRES_PASSWORD" psql -XAt -v ON_ERROR_STOP=1 -d ${conninfo(target, trust)} ${words(statements.flatMap((statement) => ['-c', statement]))}`
  const said = (line: ShellLine | readonly ShellLine[], target: string): Said => ({ before, line, target })
  const onInvalid = (target: PostgresTarget, index: Pick<InvalidIndex, 'schema' | 'name'>, statement: string): Said =>
    said(
      [
        sh`found=$(${part(psql(target, invalidStatement(literal(index.schema), literal(index.name))))}); test "$found" = 1`,
        psql(target, "SET lock_timeout = '5s'", statement),
      ],
      `index ${index.schema}.${index.name}`,
    )
  return {
    endBackend: (target, { pid, backendStart, state }) =>
      said(
        sh`ended=$(${part(psql(target, endStatement(String(pid), literal(backendStart), literal(state))))}); test "$ended" = t`,
        `backend ${pid} of ${target.database}`,
      ),
    dropInvalidIndex: (target, index) => onInvalid(target, index, dropStatement(index)),
    rebuildInvalidIndex: (target, index) => onInvalid(target, index, rebuildStatement(index)),
    markVersions: (target, versions, schema) =>
      said(
        psql(target, ['BEGIN', "SET LOCAL lock_timeout = '5s'", ...markStatements(versions, schema), 'COMMIT'].join('; ')),
        `${schema}.goose_db_version of ${target.database}`,
      ),
  }
}
