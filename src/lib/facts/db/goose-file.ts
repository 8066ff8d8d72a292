/** A migration of the `migrations/` folder as goose reads it on the way up. */
export interface MigrationFile {
  readonly version: bigint
  readonly name: string
  readonly text: string
  /** False with `-- +goose NO TRANSACTION`: what ran before a failure stays. */
  readonly transaction: boolean
  readonly statements: readonly string[]
}

/** Reads `000003_name.sql`; undefined for a file that goose leaves alone. */
const readMigration = (name: string, text: string): MigrationFile | undefined => {
  const [, number] = /^(\d+)_.*\.sql$/.exec(name) ?? []
  if (number === undefined) return undefined
  return { version: BigInt(number), name, text, ...readUp(text) }
}

/** By number; names that goose leaves alone are left out. */
export const readMigrations = (files: readonly { readonly name: string; readonly text: string }[]): readonly MigrationFile[] =>
  files
    .flatMap(({ name, text }) => readMigration(name, text) ?? [])
    .sort((a, b) => (a.version < b.version ? -1 : a.version > b.version ? 1 : 0))

/** A line that ends in a semicolon ends a statement, but for what stands between StatementBegin and StatementEnd. */
const readUp = (text: string): Pick<MigrationFile, 'transaction' | 'statements'> => {
  const statements: string[] = []
  let [up, block, transaction] = [false, false, true]
  let open: string[] = []
  const close = () => {
    const statement = open.join('\n').trim()
    open = []
    if (up && statement.replace(/--.*$/gm, '').trim() !== '') statements.push(statement)
  }
  for (const line of text.split(/\r?\n/)) {
    const [, word] = /^\s*--\s*\+goose\s+(.+?)\s*$/i.exec(line) ?? []
    switch (word?.toLowerCase()) {
      case undefined:
        open.push(line)
        if (!block && /;\s*$/.test(line.replace(/--.*$/, ''))) close()
        break
      case 'no transaction':
        transaction = false
        break
      case 'statementbegin':
        block = true
        break
      case 'statementend':
        block = false
        close()
        break
      case 'up':
      case 'down':
        close()
        up = word?.toLowerCase() === 'up'
    }
  }
  close()
  return { transaction, statements }
}
