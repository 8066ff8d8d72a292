import { environmentFlag, HoneydueCommand } from '../../lib/cli/command.ts'
import { paint } from '../../lib/cli/render.ts'
import { renderView } from '../../lib/cli/render-view.ts'
import { explain } from '../../lib/environment/explain.ts'
import { loadKubeconfig } from '../../lib/environment/kubeconfig.ts'
import { examineEnvironment } from '../../lib/environment/load.ts'
import { kubeconfig } from '../../lib/reports/doctor.ts'
import { findRunningSandbox } from '../../lib/sandbox/running.ts'

export default class ConfigExplain extends HoneydueCommand {
  static override summary = 'Show every value of an environment with its source, and all that is wrong with it'
  static override baseFlags = { ...HoneydueCommand.baseFlags, ...environmentFlag }

  async run(): Promise<void> {
    const { flags } = await this.parse(ConfigExplain)
    const examined = examineEnvironment({ asked: flags.env, env: process.env, sandbox: () => findRunningSandbox()?.environment })
    const settings = explain(examined, process.env)
    const { problems, environment } = examined
    const used = environment && (await kubeconfig(environment.kubeconfig, loadKubeconfig))
    const exitCode = problems.length > 0 ? 2 : 0
    process.exitCode = exitCode
    const view = {
      findings: problems.map((text) => ({ level: 'wrong' as const, text })),
      tables: [{ columns: ['setting', 'value', 'source'], rows: settings.map(({ path, value, source }) => [path, value, source]) }],
      notes: used ? [used.ok ? `The kubeconfig that is used: ${used.found}` : `No kubeconfig can be used: ${used.because}`] : [],
      data: settings,
    }
    this.print({ exitCode, environment: environment?.name, problems, settings, kubeconfig: used }, renderView(view, paint(process.stdout)))
  }
}
