import * as Args from '@oclif/core/args'
import { RunCommand } from '../../lib/cli/run-command.ts'
import { systemClock } from '../../lib/clock.ts'
import { whoAmI } from '../../lib/journal/who.ts'
import { noteIn } from '../../lib/journal/write-journal.ts'

export default class RunNote extends RunCommand {
  static override summary = 'Write a sentence into the journal of a run, for its timeline'
  static override examples = ['<%= config.bin %> <%= command.id %> last "Eva confirms: logins work again"']
  static override args = {
    run: Args.string({ description: 'its id, or how it begins or ends; last is the latest', required: true }),
    text: Args.string({ description: 'what is to be remembered', required: true }),
  }

  async run(): Promise<void> {
    const { args } = await this.parse(RunNote)
    const { run } = await this.find(args.run)
    const { user, host } = whoAmI(process.env)
    await noteIn(this.state, run, { type: 'note', who: `${user}@${host}`, text: args.text }, systemClock)
    this.print({ exitCode: 0, run }, `Noted in ${run}.`)
  }
}
