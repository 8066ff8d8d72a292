import { type ChildProcess, execFile, type SpawnOptions, spawn } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import { quoted } from '../../quoted.ts'

export interface Size {
  readonly Width: number
  readonly Height: number
}

/**
 * Runs a command on a pseudo-terminal of its own, whose output is the child's stdout. Node has none: script(1), which every Linux and macOS has, opens
 * it and passes on the exit code. The size is set from inside at the start, as stty sees the terminal there.
 */
export function spawnOnTerminal(command: readonly string[], size: Size | undefined, options: SpawnOptions): ChildProcess {
  const line = command.map(quoted).join(' ')
  const sized = size ? `stty rows ${Math.trunc(size.Height)} cols ${Math.trunc(size.Width)}; ${line}` : line
  const args = process.platform === 'darwin' ? ['-q', '/dev/null', '/bin/sh', '-c', sized] : ['-qefc', sized, '/dev/null']
  return spawn('script', args, { ...options, env: { ...options.env, SHELL: '/bin/sh' } })
}

/** Gives the terminal another size, so that what runs on it gets SIGWINCH; without /proc it keeps its first one. */
export function resizeTerminal(child: ChildProcess, { Width, Height }: Size): void {
  const device = deviceOf(child.pid)
  if (device) execFile('stty', ['-F', device, 'rows', String(Math.trunc(Height)), 'cols', String(Math.trunc(Width))], () => {})
}

function deviceOf(pid: number | undefined): string | undefined {
  try {
    const [inside = ''] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')
    const device = readlinkSync(`/proc/${inside}/fd/0`)
    return device.startsWith('/dev/pts/') ? device : undefined
  } catch {
    return undefined
  }
}
