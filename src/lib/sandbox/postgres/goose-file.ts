/** What goose runs of one file on the way up. */
export interface GooseFile {
  readonly transaction: boolean
  readonly statements: readonly string[]
}

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
  for (const line of sql.split(/\r?\n/)) {
    const annotation = /^\s*--\s*\+goose\s+(\S.*?)\s*$/i.exec(line)?.[1]?.toLowerCase()
    if (annotation === 'up' || annotation === 'down') {
      if (lines.some(isCode)) throw new Error(unfinished(lines))
      lines = []
      section = annotation
    } else if (annotation === 'no transaction') transaction = false
    else if (annotation === 'statementbegin') block = true
    else if (annotation === 'statementend') {
      block = false
      finish()
    } else if (annotation !== undefined) throw new Error(`unknown annotation: ${annotation}`)
    else if (section !== 'before') {
      // psql's own commands, as pg_dump writes them, are no annotation: they reach the server, which does not parse them.
      lines.push(line)
      if (!block && line.replace(/--.*$/, '').trimEnd().endsWith(';')) finish()
    }
  }
  if (lines.some(isCode)) throw new Error(unfinished(lines))
  return { transaction, statements }
}

const isCode = (line: string): boolean => line.trim() !== '' && !line.trim().startsWith('--')
const unfinished = (lines: readonly string[]): string =>
  `failed to parse migration: unfinished SQL query: ${JSON.stringify(lines.join('\n').trim())}: missing semicolon?`
