import { environmentFlag, HoneydueCommand } from '../lib/cli/command.ts'
import { exitOfView } from '../lib/cli/exit-of-view.ts'
import { paint } from '../lib/cli/render.ts'
import { renderView } from '../lib/cli/render-view.ts'
import { viewHere } from '../lib/cli/view-here.ts'
import { loadKubeconfig } from '../lib/environment/kubeconfig.ts'
import { doctorView, examine } from '../lib/reports/doctor.ts'
import { stateFolder } from '../lib/state-folder.ts'

export default class Doctor extends HoneydueCommand {
  static override summary = 'Check this machine: programs, clock, journal, SSH aliases and keys, known hosts, kubeconfig'
  static override baseFlags = { ...HoneydueCommand.baseFlags, ...environmentFlag }

  async run(): Promise<void> {
    const { flags } = await this.parse(Doctor)
    await this.inEnvironment(flags.env, async ({ environment, systems, ending }) => {
      const checks = await examine({
        nodeVersion: process.versions.node,
        expected: environment.nodes,
        kubeconfigs: environment.kubeconfig,
        nodes: systems.nodes.read,
        load: loadKubeconfig,
        state: stateFolder(process.env),
        now: new Date(),
      })
      ending.looking.throwIfAborted()
      const view = viewHere(doctorView(checks), 'doctor', this.here)
      const exitCode = exitOfView(view)
      process.exitCode = exitCode
      this.print(
        { exitCode, environment: environment.name, findings: view.findings, data: checks },
        renderView(view, paint(process.stdout)),
      )
    })
  }
}
