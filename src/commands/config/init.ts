import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import * as Args from '@oclif/core/args'
import { HoneydueCommand } from '../../lib/cli/command.ts'
import { findSettings, type Looked } from '../../lib/cli/find-settings.ts'
import { paint } from '../../lib/cli/render.ts'
import { renderView } from '../../lib/cli/render-view.ts'
import { systemClock } from '../../lib/clock.ts'
import { environmentLines, hasEnvironment, withEnvironment } from '../../lib/environment/add-environment.ts'
import { configurationFile } from '../../lib/environment/described.ts'
import { configFile } from '../../lib/environment/load.ts'
import { production } from '../../lib/environment/production.ts'
import { type Environment, environmentSchema } from '../../lib/environment/schema.ts'
import { Usage } from '../../lib/errors.ts'
import { argument } from '../../lib/plan/choice.ts'

export default class ConfigInit extends HoneydueCommand {
  static override summary = 'Look for aliases, kubeconfig, checkout and tokens on this machine, and write one commented file'
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> staging']
  static override args = { name: Args.string({ description: 'what the deployment is called: production, where nothing is said' }) }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ConfigInit)
    const { name = 'production' } = args
    const file = configFile(process.env)
    const text = existsSync(file) ? readFileSync(file, 'utf8') : undefined
    const environment = startOf(name)
    if (text !== undefined && hasEnvironment(text, name)) throw isThere(file, name)
    const prompts = await this.prompts(flags)
    const { looked, values } = await findSettings(environment, {
      env: process.env,
      cwd: process.cwd(),
      clock: systemClock,
      ...(prompts && { choose: (ask, offers) => prompts.choice('host', argument({ about: 'one of these', ask }), offers) }),
    })
    const whole = text === undefined ? configurationFile(name, values) : withEnvironment(text, name, values)
    if (whole === undefined) throw isOtherwise(file, environmentLines(name, values))
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeFileSync(file, whole, { mode: 0o600, ...(text === undefined && { flag: 'wx' }) })
    const notes = [
      text === undefined
        ? `Written: ${file}. What is commented out in it is built in.`
        : `Added to ${file}: ${name}. What it does not say is built in.`,
      `next: honeydue doctor${name === 'production' ? '' : ` --env ${name}`}`,
    ]
    this.print({ exitCode: 0, file, looked, values }, renderView(viewOf(looked, notes), paint(process.stdout)))
  }
}

/** What is built in: whatever the file says of other deployments. Another one than the book's has a kubeconfig of its own, unless KUBECONFIG says which. */
const startOf = (name: string): Environment => {
  if (!/^[a-z][a-z0-9-]*$/.test(name))
    throw new Usage({
      code: 'environment-name',
      failed: `${name} cannot be the name of a deployment`,
      cause: 'It must be lower-case letters, digits and hyphens',
    })
  const told = process.env['KUBECONFIG']?.split(':').filter(Boolean) ?? []
  const own = name === 'production' ? production.kubeconfig : [`~/.kube/${name}.yaml`]
  return environmentSchema.parse({ ...production, kubeconfig: told.length > 0 ? told : own })
}

const viewOf = (looked: readonly Looked[], notes: readonly string[]) => ({
  findings: looked.flatMap(({ what, found, next }) =>
    next === undefined ? [] : [{ level: 'warning' as const, text: `${what}: ${found}`, next }],
  ),
  tables: [{ columns: [], rows: looked.flatMap(({ what, found, next }) => (next === undefined ? [[what, found]] : [])) }],
  notes,
  data: looked,
})

const isThere = (file: string, name: string) =>
  new Usage({
    code: 'config-there',
    failed: `${file} is there already, with ${name}`,
    cause:
      'It is yours: nothing is written over it. To look again, take that part out of it; another deployment takes another name: honeydue config:init NAME',
    next: ['honeydue config:explain', ...(name === 'production' ? [] : ['--env', name])].join(' '),
  })

const isOtherwise = (file: string, lines: string) =>
  new Usage({
    code: 'config-there',
    failed: `${file} is there already, and does not end in a block of environments that one more can be added to`,
    cause: 'It is yours: nothing is written over it',
    details: ['what was found:', ...lines.split('\n')],
    next: 'put these lines below its environments, and then honeydue doctor',
  })
