import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

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

const digest = (text: string, length: number): string => createHash('sha256').update(text).digest('hex').slice(0, length)

/** Where process numbers mean what they mean here: this machine, and this container of it. */
const place = (): string => {
  let space = ''
  try {
    space = readlinkSync('/proc/self/ns/pid')
  } catch {
    // A system without containers.
  }
  return digest(`${hostname()} ${space}`, 4)
}

/** What a name says of the process that it belongs to: `4711-1a2b3c4d5e`. */
export const markOf = ({ pid, born }: LivingProcess): string => `${pid}-${place()}${born === '' ? '000000' : digest(born, 6)}`

let own: string | undefined
/** The mark of this process. */
export const ownMark = (): string => {
  own ??= markOf({ pid: process.pid, born: birthOf(process.pid) })
  return own
}

/** How a mark is found in a name; its one group is the mark. */
export const markPattern = '(\\d+-[0-9a-f]{10})'

/** Whether the process of this mark was one of this machine, and has ended. One of another machine, or of another container, is not known. */
export const hasEnded = (mark: string): boolean => {
  const [, number = '', where] = /^(\d+)-([0-9a-f]{4})[0-9a-f]{6}$/.exec(mark) ?? []
  if (where !== place()) return false
  const pid = Number(number)
  const born = birthOf(pid)
  if (born !== '') return markOf({ pid, born }) !== mark
  // Where no process tells when it began, its number alone has to do.
  return birthOf(process.pid) !== '' || !answers(pid)
}

/** Whether a process has this number now; none has 0. */
export const answers = (pid: number): boolean => {
  if (pid === 0) return false
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
