import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse, stringify } from 'yaml'
import { namespace } from '../../../src/lib/sandbox/deployment/facts.ts'
import type { Sandbox } from '../../../src/lib/sandbox/sandbox.ts'
import type { ContractWorld } from '../../contract/contract.ts'
import type { SshWorld } from '../../contract/openssh/world.ts'
import type { PostgresWorld } from '../../contract/postgres/world.ts'
import type { Place } from '../../contract/redis/world.ts'

/** A deployment as the built CLI sees it: Kubernetes is the sandbox's; the rest is real, or the sandbox's. */
export interface Deployment extends ContractWorld {
  /** Where its environment file stands. */
  readonly dir: string
  readonly environmentFile: string
  readonly kubernetes: Sandbox['kubernetes']
  readonly ssh: Pick<SshWorld, 'down' | 'otherKey' | 'silent' | 'withoutSessions'>
  readonly redis: Place & {
    /** Accepts connections and does not answer. */
    freeze(): Promise<void>
    becomeReplica(): Promise<void>
  }
  readonly postgres: PostgresWorld
}

/** What a command left: its exit code, and its JSON document. */
export interface Ended {
  readonly code: number | null
  readonly document: {
    readonly findings?: readonly { readonly level: string; readonly text: string }[]
    readonly data?: Readonly<Record<string, unknown>>
    readonly states?: readonly string[]
    readonly error?: { readonly code: string; readonly details?: readonly string[] }
  }
}

const program = fileURLToPath(new URL('../../../bin/run.js', import.meta.url))

/** Runs the built program, as an operator does, with `--json`. */
export const honeydue = async (environmentFile: string, ...words: readonly string[]): Promise<Ended> => {
  const child = spawn(process.execPath, [program, ...words, '--json', '--env', environmentFile], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [out, err]: [Buffer[], Buffer[]] = [[], []]
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
  const [code] = (await once(child, 'close')) as [number | null]
  const text = Buffer.concat(out).toString('utf8')
  try {
    return { code, document: JSON.parse(text) as Ended['document'] }
  } catch (error) {
    throw new Error(`honeydue ${words.join(' ')} printed no JSON document: ${text}${Buffer.concat(err)}`, { cause: error })
  }
}

/** Another environment file beside the deployment's, with values that win. */
export const overlay = (file: string, name: string, change: (values: Record<string, unknown>) => Record<string, unknown>): string => {
  const path = join(file, '..', name)
  const values = parse(readFileSync(file, 'utf8')) as Record<string, unknown>
  writeFileSync(path, stringify({ ...values, ...change(values) }), { mode: 0o600 })
  return path
}

/** Puts another value into the live Secret: what was rotated without its consumers. */
export const rotate = (kubernetes: Sandbox['kubernetes'], key: string, value: string): void =>
  void kubernetes.client.update({ group: '', resource: 'secrets' }, 'honeydue-secrets', namespace, (draft) => {
    draft.data = { ...(draft.data as Record<string, string>), [key]: Buffer.from(value).toString('base64') }
  })
