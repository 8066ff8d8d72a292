import type { Duplex } from 'node:stream'
import type { Client, ClientChannel } from 'ssh2'
import { limited } from '../../clock.ts'
import { Unreachable } from '../../errors.ts'
import { sh } from '../../shell.ts'
import { lineTo, type Reached } from './over-ssh.ts'
import { sessionSeats } from './session-seats.ts'
import { mostAnswer, notInTime, tooLong } from './trouble.ts'
import type { CommandOutput } from './types.ts'

export interface RunOptions {
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

/** A command's output, and how long the server took to open the channel and to start the command: two round trips. */
export interface Run extends CommandOutput {
  readonly startedAfterMs: number
}

/**
 * sshd allows 10 sessions a connection by default, and frees one only after it has read all that lies in its buffer: as many as end together may open anew before
 * it counts again.
 */
const maxSessions = 5

/** Runs commands on one ssh2 client, and never leaves one unsettled: each ends with an exit status, or fails with a code. */
export const commandRunner = (machine: Reached, client: Client) => {
  const { alias } = machine
  let lost: Error | undefined
  const endings = new Set<() => void>()
  const end = (error?: Error) => {
    lost ??= error ?? new Error('closed')
    for (const ending of [...endings]) ending()
  }
  // Permanent: an error event without a listener would end the process.
  client.on('error', end)
  client.on('close', () => end())

  const gone = (what: string) =>
    new Unreachable(
      {
        code: 'ssh-lost',
        failed: `The connection to ${alias} was lost while ${what}`,
        state: 'A command that had started may still be running there.',
        cause: 'the node or the network between went down',
        next: lineTo(machine, sh`uptime`),
      },
      lost ? { cause: lost } : {},
    )

  const seated = sessionSeats(maxSessions, (error) => error instanceof Unreachable && error.code === 'ssh-no-session')

  const collect = (command: string, options: RunOptions, began: () => void): Promise<Run> =>
    new Promise((resolve, reject) => {
      if (lost) return reject(gone('it was idle'))
      const started = performance.now()
      const { signal: stop } = limited(options.timeoutMs, options.signal)
      let channel: ClientChannel | undefined
      const settle = (act: () => void) => {
        endings.delete(ending)
        stop.removeEventListener('abort', aborted)
        act()
      }
      const ending = () => settle(() => reject(gone('a command ran')))
      const givenUp = (error: unknown) =>
        settle(() => {
          channel?.signal('TERM')
          channel?.close()
          reject(error)
        })
      const aborted = () => givenUp(options.signal?.aborted ? options.signal.reason : notInTime(machine, options.timeoutMs))
      if (stop.aborted) return aborted()
      stop.addEventListener('abort', aborted, { once: true })
      endings.add(ending)
      client.exec(command, (error, opened) => {
        if (error)
          return settle(() =>
            reject(
              lost
                ? gone('a command started')
                : new Unreachable(
                    {
                      code: 'ssh-no-session',
                      failed: `${alias} refused to start a command`,
                      cause: 'its sshd allows no more sessions on one connection (MaxSessions)',
                      next: lineTo(machine, sh`uptime`),
                    },
                    { cause: error },
                  ),
            ),
          )
        channel = opened
        began()
        const startedAfterMs = performance.now() - started
        const [out, err]: [Buffer[], Buffer[]] = [[], []]
        let status: { code: number | null; signal?: string } | undefined
        opened.on('error', () => {})
        let length = 0
        const into = (chunks: Buffer[]) => (chunk: Buffer) => {
          length += chunk.length
          if (length <= mostAnswer) chunks.push(chunk)
          else givenUp(tooLong(machine))
        }
        opened.on('data', into(out))
        opened.stderr.on('data', into(err))
        opened.on('exit', (code: number | null, signal?: string) => {
          status = { code, ...(signal ? { signal } : {}) }
        })
        opened.on('close', () =>
          settle(() => {
            if (!status) return reject(gone('a command ran'))
            resolve({ ...status, stdout: Buffer.concat(out).toString('utf8'), stderr: Buffer.concat(err).toString('utf8'), startedAfterMs })
          }),
        )
        opened.end()
      })
    })

  return {
    isLost: () => lost !== undefined,
    run: (command: string, options: RunOptions): Promise<Run> => seated((began) => collect(command, options, began), options.signal),
    /** A `direct-tcpip` channel: the node itself connects to the target. */
    forward: (host: string, port: number): Promise<Duplex> =>
      new Promise((resolve, reject) => {
        if (lost) return reject(gone('it was idle'))
        const ending = () => reject(gone('a tunnel was opened'))
        endings.add(ending)
        client.forwardOut('127.0.0.1', 0, host, port, (error, channel) => {
          endings.delete(ending)
          if (!error) return resolve(channel)
          reject(
            new Unreachable(
              {
                code: 'ssh-forward-refused',
                failed: `${alias} cannot connect to ${host}:${port}`,
                cause: 'nothing listens there, or the node forbids forwarding',
                next: sh`ssh -W ${host}:${port} ${alias}`,
              },
              { cause: error },
            ),
          )
        })
      }),
  }
}
