import { CommandHelp, Help } from '@oclif/core/help'
import { codesOf, environmentOf, firstLines } from './told-in-help.ts'

const named = (rows: readonly (readonly [string, string])[]): [string, string][] => rows.map(([name, about]) => [name, about])

/** Examples first, as somebody in a hurry reads; exit codes and environment variables last. */
class OurCommandHelp extends CommandHelp {
  /** The flags stand below: here they would be five lines. */
  protected override defaultUsage(): string {
    const args = Object.values(this.command.args ?? {}).filter(({ hidden }) => !hidden)
    return [this.command.id, ...args.map((arg) => this.arg(arg)), '[FLAGS]'].join(' ')
  }

  override sections() {
    const all = super.sections()
    const isExamples = ({ header }: { readonly header: string }) => header === 'EXAMPLES'
    const kind = Object.keys(this.command.flags ?? {})
    return [
      ...all.filter(isExamples),
      ...all.filter((one) => !isExamples(one)),
      { header: 'EXIT CODES', generate: (_: unknown, header: string) => [{ header, body: named(codesOf(kind)) }] },
      { header: 'ENVIRONMENT', generate: (_: unknown, header: string) => [{ header, body: named(environmentOf(kind)) }] },
    ] as ReturnType<CommandHelp['sections']>
  }
}

/** The help of the whole program begins with what to type, and that words of one's own are enough. */
export default class OurHelp extends Help {
  override CommandHelpClass = OurCommandHelp

  override formatRoot(): string {
    const [summary = '', ...rest] = super.formatRoot().split('\n\n')
    const list = (rows: readonly (readonly [string, string])[]) =>
      this.renderList(named(rows), { spacer: '\n', stripAnsi: this.opts.stripAnsi ?? false, indentation: 2 })
    return [summary, this.section('FIRST', list(firstLines)), ...rest].join('\n\n')
  }

  override async showRootHelp(): Promise<void> {
    await super.showRootHelp()
    for (const [header, rows] of [
      ['EXIT CODES', codesOf(['by-hand'])],
      ['ENVIRONMENT', environmentOf(['env', 'by-hand'])],
    ] as const)
      this.log(
        `${this.section(header, this.renderList(named(rows), { spacer: '\n', stripAnsi: this.opts.stripAnsi ?? false, indentation: 2 }))}\n`,
      )
  }
}
