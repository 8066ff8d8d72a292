import { existsSync } from 'node:fs'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

const mark = '.honeydue-sandbox'

/** What the sandbox writes into its folder and takes away again; its log stays. */
const written = [
  mark,
  'admin.kubeconfig',
  'ca.crt',
  'checkout',
  'cloudflare-token',
  'environment.yaml',
  'nodes',
  'origin-ca.crt',
  'sandbox.json',
  'sandbox.json.new',
  'ssh',
  'urls.json',
  'viewer.kubeconfig',
]

/** Where `sandbox:up` goes without `--dir`. */
export const defaultFolder = (env: NodeJS.ProcessEnv = process.env): string =>
  join(env.XDG_STATE_HOME || join(env.HOME || homedir(), '.local', 'state'), 'honeydue', 'sandbox')

/** Makes the folder the sandbox's own, and clears what a crash left; false when it holds files that are not the sandbox's. */
export async function claimFolder(dir: string): Promise<boolean> {
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const others = (await readdir(dir)).filter((name) => name !== 'sandbox.log')
  if (others.length > 0 && !existsSync(join(dir, mark))) return false
  await clearFolder(dir)
  await writeFile(join(dir, mark), 'A folder of `honeydue sandbox:up`: `honeydue sandbox:down` takes its files away.\n')
  return true
}

/** Removes what the sandbox wrote; files of others, and the folder, stay. */
export async function clearFolder(dir: string): Promise<void> {
  if (!existsSync(join(dir, mark))) return
  await Promise.all(written.map((name) => rm(join(dir, name), { recursive: true, force: true })))
}
