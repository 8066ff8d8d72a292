import { execFile } from 'node:child_process'
import { childEnvironment } from '../../child-environment.ts'
import { Unreachable } from '../../errors.ts'
import { lasting, sharing } from '../../shared-answer.ts'
import type { Commit, FileChange, TextFile } from './types.ts'

const limit = 64 * 1024 * 1024

/** Questions to git about one folder; none of them writes, not even the index. What a commit holds does not change: it is asked for once. */
export const gitOf = (folder: string) => {
  const run = (args: readonly string[], input = ''): Promise<{ readonly code: number; readonly out: Buffer; readonly said: string }> =>
    new Promise((resolve, reject) => {
      const options = {
        env: { ...childEnvironment(), GIT_OPTIONAL_LOCKS: '0' },
        timeout: 15_000,
        maxBuffer: limit,
        encoding: 'buffer',
      } as const
      const child = execFile('git', ['-C', folder, ...args], options, (error, out, said) => {
        const code = error && 'code' in error ? error.code : error ? 1 : 0
        if (typeof code === 'number') resolve({ code, out, said: said.toString().trim() })
        else reject(noGit(folder, code === 'ENOENT' ? 'git is not installed, or the folder does not exist' : String(error?.message)))
      })
      child.stdin?.on('error', () => {})
      child.stdin?.end(input)
    })
  const told = async (args: readonly string[], input?: string): Promise<Buffer> => {
    const { code, out, said } = await run(args, input)
    if (code === 0) return out
    throw noGit(folder, said || `it ended with ${code}`)
  }
  /** The full name of a commit; undefined where git knows none such. */
  const commit = sharing(async (revision: string): Promise<string | undefined> => {
    if (!/^[\w][\w./-]*$/.test(revision)) return undefined
    const { code, out, said } = await run(['rev-parse', '--verify', '--quiet', `${revision}^{commit}`])
    if (code === 0) return out.toString().trim()
    if (code === 1) return undefined
    throw noGit(folder, said)
  })
  const filesOf = lasting(async (at: string, under: string): Promise<readonly TextFile[]> => {
    const listed = (await told(['ls-tree', '-z', at, `${under}/`])).toString().split('\0').filter(Boolean).map(entry)
    const objects = listed.flatMap(({ type, object }) => (type === 'blob' ? [object] : []))
    const contents = new Map((await textsOf(objects)).map((text, i) => [objects[i], text]))
    return listed.map(({ mode, object, file }) => ({
      name: file.slice(under.length + 1),
      text: contents.get(object) ?? '',
      ...(mode === '120000' ? { odd: 'link' } : mode.startsWith('100') ? {} : { odd: 'folder' }),
    }))
  })
  const textsOf = async (objects: readonly string[]): Promise<readonly string[]> =>
    objects.length === 0 ? [] : blobs(await told(['cat-file', '--batch'], objects.map((one) => `${one}\n`).join('')))
  const changesOf = lasting(async (at: string, under: string): Promise<readonly FileChange[]> => {
    const log = await told(['log', '--no-renames', '--raw', '--format=%x00%h %cI', at, '--', under])
    return log
      .toString()
      .split('\0')
      .slice(1)
      .flatMap((part) => {
        const [head = '', ...lines] = part.split('\n').filter(Boolean)
        const [short = '', when = ''] = head.split(' ')
        return lines.map((line): FileChange => {
          const [how = '', file = ''] = line.split('\t')
          const [, , before, after, letter] = how.split(' ')
          return {
            name: file.slice(under.length + 1),
            commit: short,
            at: new Date(when).toISOString(),
            ...(letter !== 'A' && { before }),
            ...(letter !== 'D' && { after }),
          }
        })
      })
  })
  const headOf = lasting(async (at: string): Promise<Commit> => {
    const [short = '', when = '', subject = ''] = (await told(['show', '-s', '--format=%h%x00%cI%x00%s', at]))
      .toString()
      .trimEnd()
      .split('\0')
    return { short, subject, at: new Date(when).toISOString() }
  })
  return {
    filesAt: async (revision: string, under: string): Promise<readonly TextFile[] | undefined> => {
      const at = await commit(revision)
      return at === undefined ? undefined : filesOf(at, under)
    },
    history: async (revision: string, under: string): Promise<readonly FileChange[]> => {
      const at = await commit(revision)
      return at === undefined ? [] : changesOf(at, under)
    },
    commit: async (revision: string): Promise<Commit | undefined> => {
      const at = await commit(revision)
      return at === undefined ? undefined : headOf(at)
    },
    texts: textsOf,
  }
}

/** A line of `git ls-tree`. */
const entry = (line: string) => {
  const [head = '', file = ''] = line.split('\t')
  const [mode = '', type = '', object = ''] = head.split(' ')
  return { mode, type, object, file }
}

/** The bodies of `git cat-file --batch`: a line with the size, so many bytes, a line break. */
const blobs = (out: Buffer): readonly string[] => {
  const texts: string[] = []
  for (let at = 0; at < out.length; ) {
    const end = out.indexOf(10, at)
    const size = Number(out.subarray(at, end).toString().split(' ')[2])
    if (end < 0 || Number.isNaN(size)) break
    texts.push(out.subarray(end + 1, end + 1 + size).toString())
    at = end + 1 + size + 1
  }
  return texts
}

const noGit = (folder: string, cause: string): Unreachable =>
  new Unreachable({ code: 'checkout-no-git', failed: `git cannot read ${folder}`, cause, next: 'honeydue config:explain' })
