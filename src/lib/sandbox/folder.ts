import { existsSync } from 'node:fs'
import { chmod, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stateFolder } from '../state-folder.ts'

const mark = '.honeydue-sandbox'

/** What the sandbox writes into its folder and takes away again; its log stays. */
const written = [
  mark,
  'admin.kubeconfig',
  'ca.crt',
  'checkout',
  'cloudflare-token',
  'drill.sock',
  'environment.yaml',
  'grafana-token',
  'neon-key',
  'storage-key',
  'registry-login',
  'nodes',
  'origin-ca.crt',
  'sandbox.json',
  'sandbox.json.new',
  'ssh',
  'urls.json',
  'viewer.kubeconfig',
]

/** Where `sandbox:up` goes without `--dir`. */
export const defaultFolder = (env: NodeJS.ProcessEnv = process.env): string => join(stateFolder(env), 'sandbox')

/** Makes the folder, for nobody but its owner; why it cannot be the sandbox's, or undefined where it can. */
export async function ownFolder(dir: string): Promise<string | undefined> {
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'EEXIST' || code === 'ENOTDIR' ? 'It is a file, or lies below one' : `It cannot be made (${code})`
  }
  const { uid, mode } = await stat(dir)
  if (uid !== (process.getuid?.() ?? uid)) return 'It belongs to another user'
  const others = (await readdir(dir)).filter((name) => name !== 'sandbox.log' && !name.startsWith('sandbox.lock'))
  if (others.length > 0 && !existsSync(join(dir, mark))) return 'It holds files that are not of a sandbox'
  // Whoever may write here could put programs into the nodes' search path, which we then run.
  if ((mode & 0o077) !== 0) await chmod(dir, 0o700)
  return undefined
}

/** Clears what a crash left, and says whose folder it is. */
export async function markFolder(dir: string): Promise<void> {
  await clearFolder(dir)
  await writeFile(join(dir, mark), 'A folder of `honeydue sandbox:up`: `honeydue sandbox:down` takes its files away.\n')
}

/** Removes what the sandbox wrote; files of others, and the folder, stay. */
export async function clearFolder(dir: string): Promise<void> {
  if (!existsSync(join(dir, mark))) return
  await Promise.all(written.map((name) => rm(join(dir, name), { recursive: true, force: true })))
}
