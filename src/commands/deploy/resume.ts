import { argsOf, flagsOf } from '../../lib/cli/flags.ts'
import { ProcedureCommand } from '../../lib/cli/procedure-command.ts'
import { resume } from '../../lib/procedures/deploy/resume.ts'

export default class DeployResume extends ProcedureCommand {
  static override summary = resume.title
  static override args = argsOf(resume.choices)
  static override flags = flagsOf(resume.choices)

  async run(): Promise<void> {
    const { args, flags } = await this.parse(DeployResume)
    await this.carryOut({ ...flags, ...args }, resume)
  }
}
