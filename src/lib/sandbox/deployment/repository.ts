import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrations } from '../../postgres-server/schema.ts'
import type { FileContent } from '../exact-folder.ts'
import { tags } from './facts.ts'
import { manifests } from './manifests.ts'
import { migrateManifest } from './migrate-manifest.ts'

/** What git keeps of the checkout; configuration and secrets it does not (9ea0583). */
const ignored = 'deploy-k3s/config.yaml\ndeploy-k3s/secrets/\ndeploy/prod.env\n'

export const manifestFile = 'deploy-k3s/manifests/migrate/job.yaml'

type Files = Readonly<Record<string, string>>

const tracked: Files = {
  '.gitignore': ignored,
  ...manifests(),
  [manifestFile]: migrateManifest,
  ...Object.fromEntries(migrations.map(({ name, sql }) => [`migrations/${name}`, sql])),
}

export interface Commit {
  readonly tag: string
  /** ISO. */
  readonly at: string
  readonly message: string
  /** A folder whose files all go before `files` come. */
  readonly instead?: string
  /** Their texts, by path; every other file stays as it was. */
  readonly files: Files
}

/** The history: before goose (AutoMigrate in the api binary), and with it. An image's tag is its commit's short name (ch11): here a tag of git. */
const commits: readonly Commit[] = [
  { tag: tags.autoMigrate, at: '2026-04-25T18:00:00Z', message: 'Cache residence IDs', files: { '.gitignore': ignored } },
  { tag: tags.goose, at: '2026-04-26T20:00:00Z', message: 'Run migrations with goose in a Job', files: tracked },
]

let history: Promise<ReadonlyMap<string, Buffer>> | undefined

/** The tracked files of the checkout and of its `.git`; without git on this machine there are only the former. */
export async function repositoryFiles(): Promise<ReadonlyMap<string, FileContent>> {
  history ??= makeHistory().catch(() => new Map())
  const all = [...Object.entries(tracked), ...(await history)]
  return new Map(all.map(([file, content]) => [file, { content }]))
}

/** Folders without which git does not take `.git` for a repository. */
export const emptyOfGit = ['.git/refs/heads', '.git/objects']

/** One child: starting each from a process of this size costs more than all that git does. */
const making = 'cd "$1"; git init -q --template= -b master; git fast-import --quiet; git reset -q --mixed master'

/** The files of `.git`, made once in a process: the same bytes serve every sandbox and every reset. */
const makeHistory = async (): Promise<ReadonlyMap<string, Buffer>> => {
  const folder = await mkdtemp(join(tmpdir(), 'honeydue-history-'))
  try {
    await runs('sh', ['-ec', making, 'sh', folder], commits.map((commit) => imported(commit)).join(''))
    const entries = await readdir(join(folder, '.git'), { recursive: true, withFileTypes: true })
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    return new Map(await Promise.all(files.map(async (file) => [file, await readFile(join(folder, file))] as const)))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const data = (text: string): string => `data ${Buffer.byteLength(text)}\n${text}\n`

/** Adds a commit to the history, past the working tree, and tags it: an image with that tag exists from now on. */
export const addCommit = async (folder: string, commit: Commit): Promise<void> =>
  void (await git(folder, ['fast-import', '--quiet'], imported(commit, 'from refs/heads/master^0\n')))

const imported = ({ tag, at, message, instead, files }: Commit, from = ''): string =>
  [
    'commit refs/heads/master\n',
    `committer honeyDue <dev@myhoneydue.com> ${Math.floor(Date.parse(at) / 1000)} +0000\n`,
    data(message),
    from,
    instead === undefined ? '' : `D ${instead}\n`,
    ...Object.entries(files).map(([path, text]) => `M 100644 inline ${path}\n${data(text)}`),
    `reset refs/tags/${tag}\nfrom refs/heads/master\n\n`,
  ].join('')

/** git in a folder, with nobody's configuration; resolves with what it printed. */
export const git = (folder: string, args: readonly string[], input?: string): Promise<string> => runs('git', ['-C', folder, ...args], input)

const runs = (program: string, args: readonly string[], input?: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = execFile(program, args, { env: quiet(), timeout: 10_000, maxBuffer: 16 * 1024 * 1024 }, (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    )
    child.stdin?.on('error', () => {})
    child.stdin?.end(input ?? '')
  })

const quiet = (): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  HOME: tmpdir(),
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'honeyDue',
  GIT_AUTHOR_EMAIL: 'dev@myhoneydue.com',
  GIT_COMMITTER_NAME: 'honeyDue',
  GIT_COMMITTER_EMAIL: 'dev@myhoneydue.com',
})
