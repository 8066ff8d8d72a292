import { execFile } from 'node:child_process'
import { tmpdir } from 'node:os'
import { promisify } from 'node:util'
import { built } from '../built.ts'
import { type Running, startServer } from '../processes.ts'

/** What the inspector says. */
export interface Inspected {
  readonly queues: Readonly<
    Record<
      string,
      Readonly<
        Record<
          'pending' | 'active' | 'scheduled' | 'retry' | 'archived' | 'completed' | 'aggregating' | 'processed' | 'failed' | 'latency',
          number
        >
      > & {
        readonly paused: boolean
        readonly tasks: Readonly<Record<string, readonly string[]>>
      }
    >
  >
  /** Of live workers. */
  readonly servers: number
  /** Of all live schedulers. */
  readonly entries: readonly { readonly id: string; readonly spec: string; readonly type: string; readonly next: number }[]
}

/** asynq itself, on one Redis. */
export const asynqAt = ({ host, port }: { readonly host: string; readonly port: number }, password: string) => {
  // Built from `peer/`: asynq's own worker, scheduler, client and inspector.
  const program = built('asynq-peer')
  const env = { ...process.env, ADDR: `${host}:${port}`, PASSWORD: password }
  const run = async (words: readonly string[]): Promise<unknown> => {
    const { stdout } = await promisify(execFile)(program, [...words], { env, timeout: 30_000 })
    return JSON.parse(stdout)
  }
  const start = (...words: readonly string[]): Promise<Running> => startServer(program, words, { cwd: tmpdir(), env })
  return {
    /** Ids of so many tasks, due in `seconds`; `unique`: locked for so many seconds; `group`: into that one. */
    enqueue: async (
      queue: string,
      type: string,
      count: number,
      { seconds = 0, unique = 0, group }: { readonly seconds?: number; readonly unique?: number; readonly group?: string } = {},
    ) =>
      (await run(['enqueue', queue, type, String(count), String(seconds), String(unique), ...(group ? [group] : [])])) as readonly string[],
    info: async () => (await run(['info'])) as Inspected,
    /** '' where the inspector did it, else its words. */
    act: async (...words: readonly string[]) => (await run(['act', ...words])) as string,
    worker: () => start('worker'),
    scheduler: (spec: string, type: string) => start('scheduler', spec, type),
  }
}
