import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** A process of this machine: a pid alone may belong to another one by now. */
export interface LivingProcess {
  readonly pid: number
  /** When it began, in its system's own words. */
  readonly born: string
}

/** Whether the process that wrote this still runs. */
export const lives = ({ pid, born }: LivingProcess): boolean => born !== '' && birthOf(pid) === born

/** When a process began; '' when there is none. */
export function birthOf(pid: number): string {
  try {
    // After the command's name, which may hold spaces and parentheses, the start time is the 20th field; a zombie has ended.
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? '' : (fields[19] ?? '')
  } catch {
    if (process.platform === 'linux') return ''
  }
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 2000,
    }).trim()
  } catch {
    return ''
  }
}
