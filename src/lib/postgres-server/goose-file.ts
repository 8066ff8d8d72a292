/** What goose runs of one file on the way up. */
export interface GooseFile {
  readonly transaction: boolean
  readonly statements: readonly string[]
}

const manual = 'see https://github.com/pressly/goose#sql-migrations'

/** Splits as goose 3.22 does: a line that ends in `;` ends a statement, except between StatementBegin and StatementEnd. Throws goose's words. */
export const parseGooseFile = (sql: string): GooseFile => {
  let section: 'before' | 'up' | 'down' = 'before'
  let transaction = true
  let block = false
  let lines: string[] = []
  const statements: string[] = []
  const finish = () => {
    const statement = lines.join('\n').trim()
    lines = []
    if (statement !== '' && section === 'up') statements.push(statement)
  }
  const open = (next: 'up' | 'down') => {
    if (lines.some(isCode)) throw unfinished(section, lines)
    if (next === 'down' && section === 'before') throw new Error(`must start with '-- +goose Up' annotation, stateMachine=0, ${manual}`)
    lines = []
    section = next
  }
  for (const line of sql.split(/\r?\n/)) {
    const word = /^\s*--\s*\+goose\s+(\S.*?)\s*$/i.exec(line)?.[1]
    switch (word?.toLowerCase()) {
      case undefined:
        if (section === 'before') {
          if (isCode(line)) throw new Error(`failed to parse migration: unexpected state 0 on line ${JSON.stringify(line)}, ${manual}`)
          break
        }
        // psql's own commands, as pg_dump writes them, are no annotation: they reach the server, which does not parse them.
        lines.push(line)
        if (!block && line.replace(/--.*$/, '').trimEnd().endsWith(';')) finish()
        break
      case 'up':
        open('up')
        break
      case 'down':
        open('down')
        break
      case 'no transaction':
        transaction = false
        break
      case 'statementbegin':
        block = true
        break
      case 'statementend':
        block = false
        finish()
        break
      default:
        throw new Error(`failed to parse annotation line ${JSON.stringify(line)}: "${word}" not supported: invalid annotation`)
    }
  }
  if (block) throw new Error("failed to parse migration: missing '-- +goose StatementEnd' annotation")
  if (lines.some(isCode)) throw unfinished(section, lines)
  return { transaction, statements }
}

const isCode = (line: string): boolean => line.trim() !== '' && !line.trim().startsWith('--')
/** goose numbers the states of its parser: 1 reads a statement on the way up, 4 on the way down. */
const unfinished = (section: 'before' | 'up' | 'down', lines: readonly string[]): Error =>
  new Error(
    `failed to parse migration: state ${section === 'down' ? 4 : 1}, direction: up: unexpected unfinished SQL query: ${JSON.stringify(lines.join('\n').trim())}: missing semicolon?`,
  )
