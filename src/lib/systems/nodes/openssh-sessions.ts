import { spawn } from 'node:child_process'
import type { Duplex } from 'node:stream'
import { childEnvironment } from '../../child-environment.ts'
import { limited } from '../../clock.ts'
import { Unreachable } from '../../errors.ts'
import { sh } from '../../shell.ts'
import type { Run, RunOptions } from './commands.ts'
import { streamOf } from './openssh-streams.ts'
import { lineTo } from './over-ssh.ts'
import type { Resolved } from './resolved.ts'
import { seats } from './seats.ts'
import { lastLines, mostAnswer, notInTime, tooLong } from './trouble.ts'

/** ssh's own exit status where it, and not the command, failed. */
const sshFailed = 255

/** Commands and tunnels through an OpenSSH that runs: one ssh each, which connects by itself where the server grants no further session there. */
export const sessionsOf = (host: Resolved, through: readonly string[]) => {
  const seat = seats(5)
  const line = [...through, ...host.args]

  const collect = (command: string, options: RunOptions): Promise<Run> =>
    new Promise((resolve, reject) => {
      const began = performance.now()
      const { signal: stop } = limited(options.timeoutMs, options.signal)
      const child = spawn('ssh', [...line, '--', host.alias, command], {
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
        env: childEnvironment(),
      })
      const [out, err]: [Buffer[], Buffer[]] = [[], []]
      let startedAfterMs: number | undefined
      let length = 0
      const into = (chunks: Buffer[]) => (chunk: Buffer) => {
        length += chunk.length
        if (length <= mostAnswer) chunks.push(chunk)
        else givenUp(tooLong(host))
      }
      child.stdout.once('data', () => {
        startedAfterMs = performance.now() - began
      })
      child.stdout.on('data', into(out))
      child.stderr.on('data', into(err))
      const settle = (act: () => void) => {
        stop.removeEventListener('abort', aborted)
        act()
      }
      const givenUp = (error: unknown) =>
        settle(() => {
          child.kill()
          for (const stream of [child.stdout, child.stderr]) stream.destroy()
          child.unref()
          reject(error)
        })
      const aborted = () => givenUp(options.signal?.aborted ? options.signal.reason : notInTime(host, options.timeoutMs))
      child.once('error', (error) => settle(() => reject(error)))
      child.once('close', (code, signal) =>
        settle(() => {
          const stderr = Buffer.concat(err).toString('utf8')
          if (code === sshFailed) return reject(cutOff(host, stderr))
          resolve({
            code,
            ...(signal ? { signal } : {}),
            stdout: Buffer.concat(out).toString('utf8'),
            stderr,
            startedAfterMs: startedAfterMs ?? performance.now() - began,
          })
        }),
      )
      stop.addEventListener('abort', aborted, { once: true })
      if (stop.aborted) aborted()
    })

  return {
    run: (command: string, options: RunOptions): Promise<Run> => seat(() => collect(command, options)),
    async forward(target: string, port: number): Promise<Duplex> {
      const place = target.includes(':') ? `[${target}]:${port}` : `${target}:${port}`
      const child = spawn('ssh', [...line, '-W', place, '--', host.alias], {
        stdio: ['pipe', 'pipe', 'pipe'],
        detached: true,
        env: childEnvironment(),
      })
      let said = ''
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-4000)
      })
      return streamOf(child, () => cannotReach(host, place, lastLines(said)))
    },
  }
}

const cutOff = (host: Resolved, stderr: string): Unreachable =>
  new Unreachable({
    code: 'ssh-lost',
    failed: `The connection to ${host.alias} was lost while a command ran`,
    state: 'A command that had started may still be running there.',
    cause: lastLines(stderr) ?? 'ssh ended without a word',
    next: lineTo(host, sh`uptime`),
  })

const cannotReach = (host: Resolved, place: string, words: string | undefined): Unreachable =>
  new Unreachable({
    code: 'ssh-forward-refused',
    failed: `${host.alias} cannot connect to ${place}`,
    cause: words ?? 'nothing listens there, or the node forbids forwarding',
    next: sh`ssh -W ${place} ${host.alias}`,
  })
