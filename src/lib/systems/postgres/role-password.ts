import type { Connection } from './connection.ts'

/**
 * A new password for one's own role. It goes as it is, over TLS: Neon hands every change of a role on to its control plane, which takes no verifier
 * made by a client. It is bound to a setting of this transaction, from which the server puts the statement together, so that the text of none has it;
 * and what goes wrong there is told without its context, which would quote that statement.
 */
const setting = 'honeydue.password'
const bind = (value: string): string => `SELECT set_config('${setting}', ${value}, true) IS NULL`
const alter = `DO $$ BEGIN EXECUTE format('ALTER ROLE %I PASSWORD %L', current_user, current_setting('${setting}')); EXCEPTION WHEN OTHERS THEN RAISE EXCEPTION USING ERRCODE = SQLSTATE, MESSAGE = SQLERRM; END $$`
const asScram = "SET LOCAL password_encryption = 'scram-sha-256'"

const [beforeValue = '', afterValue = ''] = bind('$1').split('$1')

/** What psql is to read: before the value, and after it. A value has no quotes and no backslashes. */
export const alterScript = {
  before: `BEGIN; ${asScram}; ${beforeValue}'`,
  after: `'${afterValue}; ${alter}; COMMIT;`,
}

export const alterPassword = async (connection: Connection, password: string): Promise<void> => {
  await connection.query('BEGIN')
  try {
    await connection.query(asScram)
    await connection.query(bind('$1'), [password])
    await connection.query(alter)
    await connection.query('COMMIT')
  } catch (error) {
    await connection.query('ROLLBACK').catch(() => {})
    throw error
  }
}

/** What decides whether a bound value is written down, as pg_settings has it; a setting of an extension that is not there has no row. */
export const writingSettings = `SELECT name, setting FROM pg_settings WHERE name IN ('log_statement', 'log_min_duration_statement', 'log_min_duration_sample', 'log_transaction_sample_rate', 'log_parameter_max_length', 'pg_stat_statements.track', 'pg_stat_statements.track_utility')`

/** Which of them do. Binding a value takes no time: a log of what is slow alone, a second or more, does not get it. */
export const writtenBy = (rows: readonly { readonly name: string; readonly setting: string }[]): readonly string[] => {
  const settings = new Map(rows.map(({ name, setting }) => [name, setting]))
  const quick = (name: string): boolean => {
    const ms = Number(settings.get(name) ?? -1)
    return ms >= 0 && ms < 1000
  }
  const logged = [
    ...(settings.get('log_statement') === 'all' ? ['log_statement'] : []),
    ...['log_min_duration_statement', 'log_min_duration_sample'].filter(quick),
    ...(Number(settings.get('log_transaction_sample_rate') ?? 0) > 0 ? ['log_transaction_sample_rate'] : []),
  ]
  const counted = settings.get('pg_stat_statements.track') === 'all' && settings.get('pg_stat_statements.track_utility') !== 'off'
  return [...(settings.get('log_parameter_max_length') === '0' ? [] : logged), ...(counted ? ['pg_stat_statements.track'] : [])].map(
    (name) => `${name} = ${settings.get(name)}`,
  )
}
