import { isOwnName, otherMachine, provesName } from '../../own-name.ts'
import type { RunOptions } from './commands.ts'
import type { Connection } from './connection.ts'
import { type Answer, framed } from './script.ts'
import { anotherMachine, ranSomethingElse } from './trouble.ts'

interface Asking {
  readonly connections: { to(alias: string): Promise<Connection> }
  /** What the machine behind an alias calls itself; of an alias that is not in it, nothing is held against the answer. */
  readonly hostnames: ReadonlyMap<string, string>
  /** Told what the machine behind an alias calls itself, each time that one answers. */
  readonly answered?: (alias: string, hostname: string) => void
}

/** Runs scripts on nodes, and knows their answers from what else is printed there. */
export const asker = ({ connections, hostnames, answered }: Asking) => {
  const ask = async (alias: string, script: string, options: RunOptions): Promise<{ answer: Answer; startedAfterMs: number }> => {
    const { command, read } = framed(script)
    const { host, run } = await connections.to(alias)
    const output = await run(command, options)
    const answer = read(output)
    if (answer === undefined) throw ranSomethingElse(host, output)
    answered?.(alias, answer.hostname)
    return { answer, startedAfterMs: output.startedAfterMs }
  }
  return {
    ask,
    /** The answer of the machine that the environment means. `proved first`: the script does not begin on another one. Throws Blocked (`ssh-other-machine`). */
    async told(alias: string, script: string, options: RunOptions, proof?: 'proved first'): Promise<Answer> {
      const expected = hostnames.get(alias)
      const proving = proof && expected !== undefined ? provesName(expected) : ''
      const { answer } = await ask(alias, `${proving}${script}`, options)
      const another = expected !== undefined && !isOwnName(answer.hostname, expected)
      if (another || (proving !== '' && answer.code === otherMachine))
        throw anotherMachine(alias, answer.hostname, expected ?? '', hostnames)
      return answer
    },
  }
}

export type Asker = ReturnType<typeof asker>
