import { readdir, readFile, readlink, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { Unreachable } from '../../errors.ts'
import { Secret } from '../../secret.ts'
import { gitOf } from './git.ts'
import type { CheckoutReader, TextFile } from './types.ts'

/** Bytes of a file that is read: a manifest, a migration, a key. */
const largest = 8 * 1024 * 1024

/** The reading half: files of a folder on this machine, and what git has of them; YAML is parsed only when asked for. */
export const readCheckout = (folder: string): CheckoutReader => {
  const text = async (file: string): Promise<string | undefined> => {
    const path = resolve(folder, file)
    const unreadable = (cause: string) =>
      new Unreachable({ code: 'checkout-unreadable', failed: `${path} cannot be read`, cause, next: 'honeydue config:explain' })
    try {
      const found = await stat(path)
      // Whoever opens a pipe waits for somebody to write into it.
      if (!found.isFile()) throw unreadable('It is a folder, a pipe or a device, not a file')
      if (found.size > largest) throw unreadable(`It has ${found.size} bytes; ${largest} are read at most`)
      return await readFile(path, 'utf8')
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
      throw error instanceof Unreachable ? error : unreadable(code ?? String(error))
    }
  }
  const { filesAt, history, commit, texts } = gitOf(folder)
  return {
    folder,
    text,
    filesAt,
    history,
    commit,
    texts,
    secret: async (file) => {
      const found = await text(file)
      return found === undefined ? undefined : new Secret(found)
    },
    given: async (path) => {
      const found = await text(resolve(path))
      return found === undefined ? undefined : new Secret(found.replace(/\r?\n$/, ''))
    },
    valueLine: async (source) => {
      const [found, { lineOf }] = await Promise.all([text(source.file), import('./value-in.ts')])
      return found === undefined ? undefined : lineOf(found, source)
    },
    value: async (source) => {
      const [found, { valueIn }] = await Promise.all([text(source.file), import('./value-in.ts')])
      const value = found === undefined ? undefined : valueIn(found, source)
      return value === undefined ? undefined : new Secret(value)
    },
    mode: async (file) => {
      const found = await stat(resolve(folder, file)).catch(() => undefined)
      return found && found.mode & 0o777
    },
    writtenAt: async (file) => (await stat(resolve(folder, file)).catch(() => undefined))?.mtime,
    unwritable: async (file) => (await import('./unwritable.ts')).unwritable(resolve(folder, file)),
    newKey: async (commonName) => (await import('./key-request.ts')).newKeyRequest(commonName),
    yaml: async (file) => {
      const [found, { parseYaml }] = await Promise.all([text(file), import('../../yaml-text.ts')])
      return found === undefined ? undefined : parseYaml(found)
    },
    yamlAt: async (revision, file) => {
      const [found, { parseYaml }] = await Promise.all([filesAt(revision, dirname(file)), import('../../yaml-text.ts')])
      const one = found?.find(({ name }) => name === basename(file))
      return one && parseYaml(one.text)
    },
    files: async (under) => {
      const found = await readdir(join(folder, under), { withFileTypes: true }).catch(() => [])
      const texts = await Promise.all(
        found.map(async (one): Promise<TextFile | undefined> => {
          const { name } = one
          if (one.isSymbolicLink()) return { name, text: await readlink(join(folder, under, name)).catch(() => ''), odd: 'link' }
          if (one.isDirectory()) return { name, text: '', odd: 'folder' }
          const content = one.isFile() ? await text(`${under}/${name}`).catch(() => undefined) : undefined
          return content === undefined ? undefined : { name, text: content }
        }),
      )
      return texts.filter((one) => one !== undefined).sort((a, b) => (a.name < b.name ? -1 : 1))
    },
    scalars: async (file, value) => {
      const [found, { findScalars }] = await Promise.all([text(file), import('./scalars.ts')])
      return found === undefined ? undefined : findScalars(found, value).map(({ key, line }) => ({ key, line }))
    },
  }
}
