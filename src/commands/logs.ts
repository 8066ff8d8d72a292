import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { environmentFlag, HoneydueCommand } from '../lib/cli/command.ts'
import { durationOf } from '../lib/cli/flags.ts'
import { paint } from '../lib/cli/render.ts'
import { jsonLine, shown } from '../lib/cli/shown.ts'
import { minutes, systemClock } from '../lib/clock.ts'
import { exitCodes } from '../lib/errors.ts'
import { type Level, levels } from '../lib/logs/level.ts'
import { notesOf } from '../lib/logs/notes.ts'
import { output } from '../lib/logs/output.ts'
import { lineWriter, recordOf } from '../lib/logs/render-line.ts'
import { showLogs } from '../lib/logs/show-logs.ts'

const usual = minutes(10)

export default class Logs extends HoneydueCommand {
  static override summary = 'Show the logs of all pods of a workload, or of all workloads, as one, by time'
  static override args = {
    workload: Args.string({
      description: 'a Deployment, Job or pod by its name, or as kubectl has it: deploy/api; without one, all of them',
    }),
  }
  static override flags = {
    ...environmentFlag,
    since: Flags.string({ summary: 'not what is older, such as 10m or 2h (default: 10m, unless --tail or --previous is given)' }),
    tail: Flags.integer({ summary: 'the last so many lines of each container', min: 0 }),
    grep: Flags.string({ summary: 'only lines that match, as the container wrote them: a regular expression of JavaScript' }),
    level: Flags.string({ summary: 'only lines that say this level or a worse one', options: [...levels] }),
    previous: Flags.boolean({ summary: 'only of containers that ran before, and were started again' }),
    follow: Flags.boolean({ char: 'f', summary: 'go on with what comes, also from pods that come, until Ctrl-C' }),
    namespace: Flags.string({ char: 'n', summary: 'of another namespace, such as kube-system for Traefik' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Logs)
    const sinceGiven = flags.since === undefined ? undefined : durationOf('since', flags.since)
    const since = sinceGiven ?? (flags.tail !== undefined || flags.previous ? undefined : usual)
    await this.inEnvironment(flags.env, async ({ environment, systems, ending }) => {
      const began = systemClock.now().getTime()
      const out = output(process.stdout)
      const aliasOf = (hostname: string) => environment.nodes.find((node) => node.hostname === hostname)?.alias ?? hostname
      const write = lineWriter(paint(process.stdout), { today: new Date(began).toISOString().slice(0, 10), aliasOf })
      let cut = 0
      const told = await showLogs(
        {
          namespace: flags.namespace ?? environment.namespace,
          workload: args.workload,
          since,
          tail: flags.tail,
          previous: flags.previous,
          follow: flags.follow,
        },
        { grep: flags.grep, level: flags.level as Level | undefined },
        {
          kube: systems.kube.read,
          clock: systemClock,
          signal: ending.looking,
          say: (what) => this.logToStderr(shown(what)),
          tell: (lines) =>
            out.write(
              lines
                .map((one) => {
                  if (flags.json) return `${recordOf(one)}\n`
                  const line = write(one)
                  if (line.cut) cut++
                  return `${line.text}\n`
                })
                .join(''),
            ),
        },
      )
      // Green over what nobody has seen would be a lie.
      const exitCode = told.unread.some(({ failed }) => failed) ? exitCodes.unreachable : exitCodes.done
      process.exitCode = out.isClosed() ? exitCodes.done : exitCode
      if (out.isClosed()) return
      if (flags.json) return this.print({ exitCode, environment: environment.name, ...told }, '')
      const range =
        since === undefined
          ? flags.tail === undefined
            ? 'from their start'
            : `the last ${flags.tail} of each container`
          : `since ${new Date(began - since).toISOString().slice(0, 19).replace('T', ' ')} UTC`
      this.logToStderr(`\n${notesOf(told, { range, cut }).join('\n')}`)
    })
  }

  protected override framed(json: string): string {
    return jsonLine(JSON.parse(json) as object)
  }
}
