import * as Flags from '@oclif/core/flags'
import { broken, DrillCommand, decided, drillOptions } from '../../lib/cli/drill-command.ts'
import { paint } from '../../lib/cli/render.ts'
import { renderTable } from '../../lib/cli/table.ts'
import { cardOf, type Exam, keepExam, newExam, readExam, type Score } from '../../lib/drills/exam.ts'
import { drills } from '../../lib/drills/index.ts'
import { checkText, reviewOf } from '../../lib/drills/review.ts'
import type { Checked } from '../../lib/drills/standing.ts'
import { startDrill, startedText } from '../../lib/drills/start.ts'
import { Blocked } from '../../lib/errors.ts'
import { defaultFolder } from '../../lib/sandbox/folder.ts'
import { stateFolder } from '../../lib/state-folder.ts'

export default class DrillExam extends DrillCommand {
  static override summary = 'Take several drills in a row that are not named before, with a score card at the end'
  static override description =
    'It starts the first. When that is repaired, `drill:exam --next` notes how it went and starts the next one; `--give-up` notes that it was not repaired, and goes on as well.'
  static override examples = ['<%= config.bin %> <%= command.id %> --count 3', '<%= config.bin %> <%= command.id %> --next']
  static override flags = {
    count: Flags.integer({ summary: 'how many', default: 5, min: 1, max: Object.keys(drills).length }),
    ...drillOptions,
    seed: Flags.integer({ summary: 'the same number gives the same drills in the same order', min: 0, max: 2 ** 31 }),
    next: Flags.boolean({ summary: 'this one is repaired: note it, and go on', exclusive: ['give-up', 'count', 'seed'] }),
    'give-up': Flags.boolean({ summary: 'this one is not repaired: note it, and go on', exclusive: ['count', 'seed'] }),
  }

  private readonly state = stateFolder(process.env)

  async run(): Promise<void> {
    const { flags } = await this.parse(DrillExam)
    if (!flags.next && !flags['give-up']) return this.start(newExam(flags.count, decided(flags)))
    const exam = await readExam(this.state)
    if (exam === undefined) throw new Blocked({ code: 'exam-none', failed: 'No exam is under way', next: 'honeydue drill:exam' })
    const scored = await this.score(exam, flags['give-up'])
    if (scored === undefined) return
    const { takeDown } = await import('../../lib/sandbox/take-down.ts')
    await takeDown(defaultFolder())
    if (scored.scores.length < scored.names.length) return this.start(scored)
    await keepExam(this.state, scored)
    const passed = scored.scores.filter((one) => one.passed).length
    process.exitCode = passed === scored.scores.length ? 0 : 3
    this.print(
      { exitCode: process.exitCode, ...scored },
      `${renderTable(cardOf(scored), paint(process.stdout))}\n\n${passed} of ${scored.scores.length} repaired. The same again: ${againLine(scored)}`,
    )
  }

  private async start(exam: Exam): Promise<void> {
    const at = exam.scores.length
    const started = await startDrill(exam.names[at] ?? '', { ...exam, seed: exam.seed + at }, defaultFolder(), (line) =>
      this.logToStderr(line),
    )
    await keepExam(this.state, exam)
    this.print(
      { exitCode: 0, at: at + 1, of: exam.names.length, ...started },
      broken(`${at + 1} of ${exam.names.length}. ${startedText(started)}\nRepaired, and on to the next: honeydue drill:exam --next`),
    )
  }

  /** Undefined where it is not repaired, and nobody gave up. */
  private async score(exam: Exam, givenUp: boolean): Promise<Exam | undefined> {
    const { askDrill } = await import('../../lib/drills/socket.ts')
    const [checked, runs] = await Promise.all([askDrill(defaultFolder(), '/check') as Promise<Checked>, this.runs()])
    const review = reviewOf(checked, runs, 'sandbox')
    if (!checked.passed && !givenUp) {
      process.exitCode = 3
      this.print({ exitCode: 3, passed: false }, broken(`${checkText(checked, review)}\nTo leave it: honeydue drill:exam --give-up`))
      return undefined
    }
    const { seen, decided, repaired, made } = review
    const score: Score = {
      name: checked.name,
      passed: checked.passed,
      seen,
      decided,
      repaired: checked.passed ? repaired : undefined,
      lost: checked.traffic.lost,
      hints: checked.hints.length,
      changes: made.length,
      operators: new Set(made.map(({ who }) => who)).size,
    }
    return { ...exam, scores: [...exam.scores, score] }
  }
}

const againLine = ({ names, seed, falseTrail, speed }: Exam): string =>
  [
    `honeydue drill:exam --count ${names.length} --seed ${seed}`,
    ...(falseTrail ? ['--with-false-trail'] : []),
    ...(speed === 1 ? [] : [`--speed ${speed}`]),
  ].join(' ')
