import { part, type ShellLine, sh } from '../../shell.ts'
import type { Said, System } from '../systems.ts'
import { markStatements } from './catalog.ts'
import { beforePsql, type PsqlOptions, psqlLine, withFile } from './psql-line.ts'
import { alterScript } from './role-password.ts'
import { dropStatement, endStatement, invalidStatement, literal, rebuildStatement } from './statements.ts'
import type { InvalidIndex, PostgresReader, PostgresTarget, PostgresWriter } from './types.ts'

/** The psql lines that do what the writer does. A line whose statement finds nothing to act upon fails. */
export const sayPostgres = (options: PsqlOptions): System<PostgresReader, PostgresWriter>['say'] => {
  const before = beforePsql(options)
  const psql = psqlLine(options)
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
    setPassword: (target, { as, next }) => ({
      before: [],
      line: [
        sh`test -s ${next.file}`,
        sh`{ printf %s ${alterScript.before}; tr -d '\\n' < ${next.file}; printf '%s\\n' ${alterScript.after}; } | ${part(withFile(options)(target, as.file))}`,
      ],
      target: `role ${target.user} on ${target.host}`,
    }),
    markVersions: (target, versions, schema) =>
      said(
        psql(target, ['BEGIN', "SET LOCAL lock_timeout = '5s'", ...markStatements(versions, schema), 'COMMIT'].join('; ')),
        `${schema}.goose_db_version of ${target.database}`,
      ),
  }
}
