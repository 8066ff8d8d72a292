import * as Flags from '@oclif/core/flags'
import { environmentFlag, HoneydueCommand } from '../../lib/cli/command.ts'
import { findPsql, openPsql, psqlEnvironment } from '../../lib/cli/psql.ts'
import { shown } from '../../lib/cli/shown.ts'
import { readOnly } from '../../lib/environment/read-only.ts'
import { Usage } from '../../lib/errors.ts'
import { directTarget } from '../../lib/facts/db/direct-target.ts'

export default class DatabasePsql extends HoneydueCommand {
  static override summary = 'Open psql on the direct host with the live credentials; read-only unless --write'
  static override flags = {
    ...environmentFlag,
    write: Flags.boolean({ summary: 'statements may change rows and tables' }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(DatabasePsql)
    if (flags.json)
      throw new Usage({
        code: 'psql-json',
        failed: 'db:psql is a conversation, and has no JSON document',
        cause: '--json was given',
        next: 'honeydue db:psql',
      })
    const program = findPsql(process.env)
    const { environment, target } = await this.inEnvironment(flags.env, async ({ environment, systems }) => {
      if (flags.write && environment.readonly) throw readOnly(environment.name)
      return { environment, target: await directTarget(systems.postgres.read) }
    })
    this.logToStderr(shown(`${target.database} on ${target.host}, ${flags.write ? 'with the right to write' : 'read-only'}`))
    const { hostaddr, ca } = environment
    process.exitCode = await openPsql(
      program,
      (authorities) => psqlEnvironment(process.env, target, { write: flags.write, hostaddr, authorities }),
      ca,
    )
  }
}
