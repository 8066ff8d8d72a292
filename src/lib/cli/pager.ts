import { spawnSync } from 'node:child_process'
import { childEnvironment } from '../child-environment.ts'
import { columnsOf } from './wrap.ts'

/** What of the process decides whether a pager is there to be used. */
export interface Paging {
  readonly env: NodeJS.ProcessEnv
  readonly stdin: { readonly isTTY?: boolean }
  readonly stdout: { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number }
  /** `--no-input`, or `--json`: nobody is to press a key. */
  readonly unattended: boolean
}

/** The pager for this text: none for what fits, in a pipe, or where PAGER says so ('' or cat). */
export const pagerFor = (text: string, { env, stdin, stdout, unattended }: Paging): string | undefined => {
  if (!stdin.isTTY || !stdout.isTTY || unattended || !/^(|0|false)$/i.test(env['CI'] ?? '') || env['TERM'] === 'dumb') return undefined
  const { columns = 80, rows = 24 } = stdout
  const high = text.split('\n').reduce((sum, line) => sum + Math.max(1, Math.ceil(columnsOf(line) / columns)), 0)
  const pager = (env['PAGER'] ?? 'less').trim()
  // What is a few lines too long keeps its end on the screen, where the verdict stands: nobody has to leave a pager for them.
  return high < 1.5 * rows || pager === '' || pager === 'cat' ? undefined : pager
}

/** Shows a text in a pager, until it is left; false where there is none such. Ctrl-C there is the pager's. */
export const showIn = (pager: string, text: string): boolean => {
  const ours = () => {}
  process.on('SIGINT', ours)
  try {
    // F: ends by itself where it fits; R: colours; X: leaves the text on the screen. What is typed at it by mistake starts no shell and writes no file.
    const less = '-FRX -Pspace goes on, b goes back, q leaves$'
    const env = { ...childEnvironment(), LESS: process.env['LESS'] ?? less, LESSSECURE: '1' }
    const { status, error } = spawnSync('sh', ['-c', pager], { input: `${text}\n`, stdio: ['pipe', 'inherit', 'inherit'], env })
    return error === undefined ? status !== 126 && status !== 127 : (error as NodeJS.ErrnoException).code === 'EPIPE'
  } finally {
    process.off('SIGINT', ours)
  }
}
