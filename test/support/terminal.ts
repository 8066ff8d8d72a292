import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stripVTControlCharacters } from 'node:util'
import { root, stateOf } from './program.ts'

/** The one child of a process. Where there is no /proc, a Mac's, there is pgrep. */
const childOf = (pid: number): number => {
  const children = `/proc/${pid}/task/${pid}/children`
  return Number(existsSync(children) ? readFileSync(children, 'utf8') : execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' }))
}

/** The terminal that a process sits at. */
const terminalOf = (pid: number): string =>
  existsSync('/proc/self/fd')
    ? readlinkSync(`/proc/${pid}/fd/0`)
    : `/dev/${execFileSync('ps', ['-o', 'tty=', '-p', String(pid)], { encoding: 'utf8' }).trim()}`

/** A terminal of 80 columns and 24 rows with the program in it. */
export interface Terminal {
  /** Keys, as they would be pressed: '\x03' is Ctrl-C. */
  readonly type: (keys: string) => void
  /** Closes the terminal, as a window that is closed or a connection that is lost does. */
  readonly hangUp: () => void
  /** Gives the terminal another width and height, as a window that is drawn larger or smaller does. */
  readonly resize: (columns: number, rows: number) => void
  /** The process that the program is. */
  readonly pid: () => number
  /** Sends the program a signal, as another process would. */
  readonly signal: (name: NodeJS.Signals) => void
  /** Resolves when the text has been printed since the last `until`; escape sequences are left out. */
  readonly until: (text: string) => Promise<void>
  /**
   * The exit code, and everything that was printed, with and without its escape sequences. `settings`: the terminal's before the program and after it, in
   * stty's own form, where they were asked for.
   */
  readonly end: () => Promise<{
    readonly code: number | null
    readonly raw: string
    readonly text: string
    readonly settings: readonly string[]
  }>
}

const quoted = (word: string) => `'${word.replaceAll("'", "'\\''")}'`

/**
 * Opens a real pseudo-terminal by script(1), which every Unix brings along: Node has none of its own.
 * `redirect` is a shell's: '</dev/null', '2>/dev/null'. `settings`: a shell stays beside the program, and tells the terminal's before and after it.
 */
export const openTerminal = (
  args: readonly string[],
  {
    env = {},
    home = '/nonexistent',
    redirect = '',
    within = 25_000,
    settings = false,
  }: {
    readonly env?: NodeJS.ProcessEnv
    readonly home?: string
    readonly redirect?: string
    readonly within?: number
    readonly settings?: boolean
  } = {},
): Terminal => {
  const line = [process.execPath, join(root, 'bin/run.js'), ...args].map(quoted).join(' ')
  const told = 'echo "settings $(stty -g)"'
  const inner = settings
    ? `stty cols 80 rows 24; trap : INT; ${told}; ${line} ${redirect}; code=$?; ${told}; exit $code`
    : `stty cols 80 rows 24; exec ${line} ${redirect}`
  const mac = ['-q', '/dev/null', 'sh', '-c', inner]
  const child = spawn('script', process.platform === 'darwin' ? mac : ['-qec', inner, '/dev/null'], {
    env: {
      PATH: process.env['PATH'],
      PAGER: 'cat',
      HOME: home,
      NODE_DISABLE_COMPILE_CACHE: '1',
      TERM: 'xterm-256color',
      SHELL: '/bin/sh',
      ...stateOf(home),
      ...env,
    },
    stdio: ['pipe', 'pipe', 'inherit'],
    timeout: within,
    killSignal: 'SIGKILL',
  })
  let raw = ''
  let seen = 0
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    raw += text
  })
  const ended = once(child, 'close')
  // script(1) has one child: the shell, which the program has taken the place of, unless it stays beside it.
  const pid = () => (settings ? childOf(childOf(child.pid ?? 0)) : childOf(child.pid ?? 0))
  const stty = (...words: readonly string[]) => {
    tty ??= terminalOf(pid())
    return execFileSync('stty', [process.platform === 'darwin' ? '-f' : '-F', tty, ...words], { encoding: 'utf8' }).trim()
  }
  let tty: string | undefined
  const text = () => stripVTControlCharacters(raw).replaceAll('\r', '')
  return {
    pid,
    hangUp: () => void child.kill('SIGKILL'),
    resize: (columns, rows) => void stty('cols', String(columns), 'rows', String(rows)),
    signal: (name) => process.kill(pid(), name),
    type: (keys) => void child.stdin.write(keys),
    until: async (wanted) => {
      for (let waited = 0; waited < 20_000; waited += 20) {
        const found = text().indexOf(wanted, seen)
        if (found >= 0) {
          seen = found + wanted.length
          return
        }
        if (child.exitCode !== null) break
        await sleep(20)
      }
      throw new Error(`"${wanted}" was not printed:\n${text()}`)
    },
    end: async () => {
      const [code] = await ended
      return { code, raw, text: text(), settings: [...text().matchAll(/^settings (\S+)$/gm)].map(([, one = '']) => one) }
    },
  }
}
