import { Blocked } from '../errors.ts'
import { quoted } from '../sandbox/quoted.ts'
import type { HostOptions } from './host.ts'

/** What decides a drill: the same of these is the same drill for everybody. */
export type DrillOptions = Required<Pick<HostOptions, 'seed' | 'falseTrail' | 'speed'>>

/** What is heard, and where to practise. */
export interface StartedDrill {
  readonly dir: string
  readonly environment: string
  readonly heard: string
  readonly brokenAt: string
}

/** Starts a sandbox of its own for a drill, and waits until it has broken. `tell`: a word for whoever waits. */
export const startDrill = async (
  name: string,
  { seed, falseTrail, speed }: DrillOptions,
  dir: string,
  tell: (line: string) => void,
): Promise<StartedDrill> => {
  const [{ ranOr, startDetached }, { askDrill }] = await Promise.all([import('../sandbox/up.ts'), import('./socket.ts')])
  tell('Starting a deployment to practise on …')
  const up = await startDetached(dir, [
    ...['drill:start', name, '--host', '--dir', dir, '--seed', String(seed), '--speed', String(speed)],
    ...(falseTrail ? ['--with-false-trail'] : []),
  ])
  const started = ranOr(up, dir, 'drill:start')
  if (started.already)
    throw new Blocked({
      code: 'drill-runs',
      failed: 'A sandbox runs already, and a drill begins with one of its own',
      state: 'Nothing was broken.',
      next: 'honeydue sandbox:down',
    })
  tell('It is well, and customers use it. Something breaks in a moment …')
  const { heard, brokenAt = '' } = await askDrill(dir, '/', { beginning: true })
  return { dir, environment: started.running.environment, heard, brokenAt }
}

const folderOf = (dir: string): string => (/^[\w./+-]+$/.test(dir) ? dir : quoted(dir))

/** The same for a terminal. */
export const startedText = ({ dir, heard, brokenAt, environment }: StartedDrill): string =>
  [
    heard,
    '',
    `It is ${brokenAt.slice(11, 19)} UTC. Begin with: honeydue status --env sandbox`,
    'Lines that name no deployment mean it after: export HONEYDUE_ENV=sandbox',
    'A hint: honeydue drill:hint    How it stands: honeydue drill:status',
    'Is it repaired? honeydue drill:check',
    `By hand: export KUBECONFIG=${folderOf(dir)}/admin.kubeconfig`,
    `         ssh -F ${folderOf(dir)}/ssh/config hetzner1`,
    `Somebody else joins with: --env ${environment}`,
  ].join('\n')
