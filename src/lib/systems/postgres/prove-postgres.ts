import { part, type ShellLine, sh } from '../../shell.ts'
import type { Shown } from '../systems.ts'
import { beforePsql, type PsqlOptions, psqlLine, psqlWords, withFile, withPassword } from './psql-line.ts'
import { appliedStatement, builtStatement, invalidStatement, invalidStatementBut, literal, sessionStatement } from './statements.ts'
import type { PostgresProver, PostgresTarget } from './types.ts'

/** The psql lines that stop where the database is not so. A statement that fails stops them too: what is empty then was not asked. */
export const provePostgres = (options: PsqlOptions): PostgresProver => {
  const psql = psqlLine(options)
  const before = beforePsql(options)
  const says = (target: PostgresTarget, statement: string, value: string): ShellLine =>
    sh`found=$(${part(psql(target, statement))}); test "$found" = ${value}`
  const letIn = (target: PostgresTarget, file: string): ShellLine =>
    sh`found=$(${part(withFile(options)(target, file, 'SELECT 1'))}); test "$found" = 1`
  const shown = (...lines: readonly ShellLine[]): Shown => ({ before, lines })
  return {
    direct: (target) => shown(says(target, 'SELECT pg_is_in_recovery()', 'f')),
    sessionGone: (target, { pid, backendStart }) => ({
      before: [...before, sh`silent() { found=$(${part(withPassword(sh`"$@"`))}) && test -z "$found"; }`],
      lines: [sh`within 10 silent ${part(psqlWords(options)(target, sessionStatement(pid, literal(backendStart))))}`],
    }),
    noInvalid: (target, index) => shown(says(target, invalidStatement(literal(index.schema), literal(index.name)), '')),
    noOtherInvalid: (target, known) => shown(says(target, invalidStatementBut(known), '')),
    applied: (target, versions, schema) =>
      shown(...versions.map((version) => says(target, appliedStatement(version, schema), String(version)))),
    letsIn: (target, file) => ({ before: [], lines: [letIn(target, file)] }),
    turnsAway: (target, files) => ({
      before: [],
      lines: [letIn(target, files.new), sh`if ${part(withFile(options)(target, files.old, 'SELECT 1'))} > /dev/null 2>&1; then false; fi`],
    }),
    nothingBuilt: (target) => shown(says(target, builtStatement, '0')),
  }
}
