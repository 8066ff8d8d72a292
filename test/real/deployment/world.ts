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

/** A deployment as the built CLI sees it: Kubernetes, Cloudflare and the registry are the sandbox's; the rest is real, or the sandbox's. */
export interface Deployment extends ContractWorld {
  readonly environmentFile: string
  /** What is the sandbox's on both sides, and its PostgreSQL as the worlds ask it: the real one where it is real. */
  readonly sandbox: Sandbox
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

/** Runs the built program, as an operator does; `input` is its standard input. */
export const typed = async (environmentFile: string, words: readonly string[], input = '') => {
  const { CLOUDFLARE_API_TOKEN, ...env } = process.env
  const child = spawn(process.execPath, [program, ...words, '--env', environmentFile], {
    // What it keeps of its runs stays beside the environment.
    env: { ...env, XDG_STATE_HOME: join(environmentFile, '..', 'state') },
    timeout: 110_000,
    killSignal: 'SIGKILL',
  })
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const [out, err]: [Buffer[], Buffer[]] = [[], []]
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout: Buffer.concat(out).toString('utf8'), stderr: Buffer.concat(err).toString('utf8') }
}

/** The same with `--json`. */
export const honeydue = async (environmentFile: string, ...words: readonly string[]): Promise<Ended> => {
  const { code, stdout, stderr } = await typed(environmentFile, [...words, '--json'])
  try {
    return { code, document: JSON.parse(stdout) as Ended['document'] }
  } catch (error) {
    throw new Error(`honeydue ${words.join(' ')} printed no JSON document: ${stdout}${stderr}`, { cause: error })
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
export const rotate = ({ sandbox }: Deployment, key: string, value: string): void =>
  void sandbox.kubernetes.client.update({ group: '', resource: 'secrets' }, 'honeydue-secrets', namespace, (draft) => {
    draft.data = { ...(draft.data as Record<string, string>), [key]: Buffer.from(value).toString('base64') }
  })
