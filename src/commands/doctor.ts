import { environmentFlag, HoneydueCommand } from '../lib/cli/command.ts'
import { exitOfView } from '../lib/cli/exit-of-view.ts'
import { paint } from '../lib/cli/render.ts'
import { renderView } from '../lib/cli/render-view.ts'
import { viewHere } from '../lib/cli/view-here.ts'
import { systemClock } from '../lib/clock.ts'
import { loadKubeconfig } from '../lib/environment/kubeconfig.ts'
import { doctorView, examine } from '../lib/reports/doctor.ts'
import { clusterRights, sudoOn, tokens } from '../lib/reports/doctor-rights.ts'
import { stateFolder } from '../lib/state-folder.ts'

export default class Doctor extends HoneydueCommand {
  static override summary = 'Check this machine and its rights: programs, clock, journal, SSH, kubeconfig, cluster, tokens, sudo'
  static override baseFlags = { ...HoneydueCommand.baseFlags, ...environmentFlag }

  async run(): Promise<void> {
    const { flags } = await this.parse(Doctor)
    await this.inEnvironment(flags.env, async ({ environment, systems, ending }) => {
      const { nodes, kube, cloudflare, neon } = systems
      const aliases = environment.nodes.map(({ alias }) => alias)
      const [machine, ...far] = await Promise.all([
        examine({
          nodeVersion: process.versions.node,
          expected: environment.nodes,
          kubeconfigs: environment.kubeconfig,
          nodes: systems.nodes.read,
          load: loadKubeconfig,
          state: stateFolder(process.env),
          now: new Date(),
        }),
        sudoOn(aliases, nodes.read, systemClock),
        clusterRights(kube.read, environment.namespace, systemClock),
        tokens({ cloudflare: cloudflare.read, neon: neon.read }, systemClock),
      ])
      const checks = [...machine, ...far.flat()]
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
