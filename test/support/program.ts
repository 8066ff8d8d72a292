import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../', import.meta.url))

/** What a run of the built program left. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const newest = (folder: string): number =>
  Math.max(
    ...readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => statSync(join(root, folder, file)).mtimeMs),
  )

/** Refuses to test an old build: `npm test` makes a new one first. */
export const requireBuild = (): void => {
  const built = join(root, 'dist/help/index.json.br')
  if (!existsSync(built) || statSync(built).mtimeMs < newest('src')) throw new Error('dist/ is older than src/: npm run build')
}

const state = mkdtempSync(join(tmpdir(), 'honeydue-state-'))
process.on('exit', () => rmSync(state, { recursive: true, force: true }))

/** Where state goes of who has no home of its own. */
export const stateOf = (home: string): NodeJS.ProcessEnv => (home === '/nonexistent' ? { XDG_STATE_HOME: state } : {})

/** Plans, and then does what was planned, as somebody does who has no terminal. */
export const confirmed = async (args: readonly string[], options: Parameters<typeof honeydue>[1] = {}): Promise<Ended> => {
  const looked = await honeydue([...args.filter((word) => word !== '--json'), '--dry-run', '--json'], options)
  const { plan } = JSON.parse(looked.stdout) as {
    readonly plan?: { readonly name: string; readonly environment: string; readonly subject: string }
  }
  if (!plan) return looked
  return honeydue([...args, '--confirm', `${plan.environment}/${plan.subject}`, '--plan', plan.name], options)
}

/** Runs `honeydue` as an operator does, in a home and with variables of its own; standard input is closed. `within`: it is killed after so many ms; `started`: is told its process id. */
export const honeydue = (
  args: readonly string[],
  {
    env = {},
    home = '/nonexistent',
    within = 25_000,
    started,
  }: {
    readonly env?: NodeJS.ProcessEnv
    readonly home?: string
    readonly within?: number
    readonly started?: (pid: number) => void
  } = {},
): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(root, 'bin/run.js'), ...args], {
      env: { PATH: process.env['PATH'], HOME: home, NODE_DISABLE_COMPILE_CACHE: '1', ...stateOf(home), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: within,
      killSignal: 'SIGKILL',
    })
    if (child.pid !== undefined) started?.(child.pid)
    const out = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const) child[name].setEncoding('utf8').on('data', (text: string) => (out[name] += text))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, ...out }))
  })
