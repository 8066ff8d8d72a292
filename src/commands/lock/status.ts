import { environmentFlag, HoneydueCommand } from '../../lib/cli/command.ts'
import { shown } from '../../lib/cli/shown.ts'
import { systemClock } from '../../lib/clock.ts'
import { describeHolder } from '../../lib/journal/lease-words.ts'

export default class LockStatus extends HoneydueCommand {
  static override summary = 'Show who holds the operators’ lease, since when, doing what'
  static override flags = environmentFlag

  async run(): Promise<void> {
    const { flags } = await this.parse(LockStatus)
    await this.inEnvironment(flags.env, async ({ environment, lease }) => {
      const found = await lease.read()
      const held = found?.holder !== undefined
      const text =
        found && held
          ? [
              `${lease.name} in ${environment.name} is held:`,
              ...describeHolder(found, systemClock.now().getTime()).map((line) => `  ${shown(line)}`),
            ].join('\n')
          : `${lease.name} in ${environment.name} is free.`
      this.print({ exitCode: 0, environment: environment.name, held, ...(found && { lease: found }) }, text)
    })
  }
}
