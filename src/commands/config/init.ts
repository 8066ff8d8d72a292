import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { HoneydueCommand } from '../../lib/cli/command.ts'
import { findSettings } from '../../lib/cli/find-settings.ts'
import { paint } from '../../lib/cli/render.ts'
import { renderView } from '../../lib/cli/render-view.ts'
import { configurationFile } from '../../lib/environment/described.ts'
import { loadEnvironment } from '../../lib/environment/load.ts'
import { Usage } from '../../lib/errors.ts'

export default class ConfigInit extends HoneydueCommand {
  static override summary = 'Look for aliases, kubeconfig, checkout and tokens on this machine, and write one commented file'
  static override examples = ['<%= config.bin %> <%= command.id %>']

  async run(): Promise<void> {
    await this.parse(ConfigInit)
    const { environment, settings } = loadEnvironment({ asked: 'production', env: process.env, sandbox: () => undefined })
    const { file } = settings
    if (existsSync(file))
      throw new Usage({
        code: 'config-there',
        failed: `${file} is there already`,
        cause: 'It is yours: nothing is written over it',
        next: 'honeydue config:explain',
      })
    const { looked, values } = await findSettings(environment, { env: process.env, cwd: process.cwd() })
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeFileSync(file, configurationFile('production', values), { mode: 0o600, flag: 'wx' })
    const view = {
      findings: looked.flatMap(({ what, found, next }) =>
        next === undefined ? [] : [{ level: 'warning' as const, text: `${what}: ${found}`, next }],
      ),
      tables: [{ columns: [], rows: looked.flatMap(({ what, found, next }) => (next === undefined ? [[what, found]] : [])) }],
      notes: [`Written: ${file}. What is commented out in it is built in.`, 'next: honeydue doctor'],
      data: looked,
    }
    this.print({ exitCode: 0, file, looked, values }, renderView(view, paint(process.stdout)))
  }
}
