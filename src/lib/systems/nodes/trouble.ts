import { Blocked, Unreachable } from '../../errors.ts'
import { isOwnName } from '../../own-name.ts'
import { sh } from '../../shell.ts'
import { lineTo, type Reached } from './over-ssh.ts'
import type { CommandOutput } from './types.ts'

/** The last line that is not blank: whoever refuses says so after its warnings. */
export const lastLine = (text: string): string | undefined =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .at(-1)

/** The last few lines, for somebody who wants to know why; what is indented explains another line. */
export const lastLines = (text: string, count = 3): string | undefined => {
  const lines = text
    .split(/\r?\n/)
    .filter((line) => /^\S/.test(line) && /[\p{L}\p{N}]/u.test(line) && !line.startsWith('@'))
    .map((line) => line.trim().replace(/\.$/, ''))
  return lines.length === 0 ? undefined : lines.slice(-count).join('; ')
}

const firstLine = (text: string): string | undefined =>
  text
    .split('\n')
    .map((line) => line.trim())
    .find(Boolean)

/** A command that was given up; Unreachable (`ssh-timeout`). */
export const notInTime = (host: Reached, timeoutMs: number): Unreachable =>
  new Unreachable({
    code: 'ssh-timeout',
    failed: `${host.alias} did not finish a command in ${timeoutMs / 1000} s`,
    state: 'The command may still be running there.',
    cause: 'the node is overloaded, or stopped answering',
    next: lineTo(host, sh`uptime`),
  })

/** What a node may answer: the longest firewall is a hundredth of it. Memory is not for others to fill. */
export const mostAnswer = 8 * 1024 * 1024

/** A command that went on printing was given up; Unreachable (`ssh-too-long`). */
export const tooLong = (host: Reached): Unreachable =>
  new Unreachable({
    code: 'ssh-too-long',
    failed: `${host.alias} printed more than ${mostAnswer / 1024 ** 2} MB`,
    state: 'The command may still be running there.',
    cause: 'the answer should be a few kilobytes: another program answers there, or a broken one',
    next: lineTo(host, sh`uptime`),
  })

/** The script did not come to its marks: another command was forced on this key, the account is closed, or the shell ended first. */
export const ranSomethingElse = (host: Reached, { code, signal, stdout, stderr }: CommandOutput): Unreachable => {
  const end = code === null || code === undefined ? (signal ?? 'no status') : code
  const said = firstLine(stderr) ?? firstLine(stdout)
  return new Unreachable({
    code: 'ssh-command',
    failed: `${host.alias} could not be asked`,
    cause: `it ran something else than what was asked (exit ${end})${said ? `: ${said}` : ' and said nothing'}`,
    next: lineTo(host, sh`uptime`),
  })
}

/** An answer that does not hold what was asked for, in the words of the program that failed. */
export const garbled = (host: Reached, stderr: string): Unreachable =>
  new Unreachable({
    code: 'ssh-command',
    failed: `${host.alias} could not be asked`,
    cause: lastLine(stderr) ?? 'its answer cannot be read',
    next: lineTo(host, sh`uptime`),
  })

/** UFW was not read: sudo refused, or UFW itself. */
export const ufwUnreadable = (host: Reached & { readonly user: string }, stderr: string): Unreachable => {
  const said = lastLine(stderr) ?? 'it said nothing'
  const bySudo = said.startsWith('sudo:') || /^Sorry, user \S+ (?:is not allowed|may not)/.test(said)
  return new Unreachable({
    code: bySudo ? 'ssh-sudo' : 'ssh-ufw',
    failed: `UFW of ${host.alias} cannot be read`,
    cause: said,
    next: lineTo({ ...host, forcesTerminal: false }, sh`sudo ufw status verbose`, ['-t']),
    ...(bySudo && {
      details: [
        `With this in its sudoers (visudo) it could be read: ${host.user} ALL=(root) NOPASSWD: /usr/sbin/ufw`,
        `Where sudo wants a terminal, with this beside it: Defaults:${host.user} !requiretty`,
      ],
    }),
  })
}

/** The alias leads to another machine than the environment says. */
export const anotherMachine = (alias: string, hostname: string, expected: string, all: ReadonlyMap<string, string>): Blocked => {
  const meant = [...all].find(([, name]) => isOwnName(hostname, name))?.[0]
  return new Blocked({
    code: 'ssh-other-machine',
    failed: `${alias} leads to another machine`,
    cause: `what answers there is ${hostname || 'nameless'}${meant ? ` (${meant})` : ''}, not ${expected}`,
    next: 'honeydue doctor',
  })
}
