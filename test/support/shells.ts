import { spawnSync } from 'node:child_process'
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const places = ['/bin', '/usr/bin', '/usr/local/bin', '/opt/homebrew/bin']

const placeOf = (name: string): string | undefined =>
  places
    .map((place) => join(place, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        return false
      }
    })

/** Shells of this machine that an operator may have a line in: sh and bash are everywhere. The last two are asked with all laws alone. */
const asked = ['sh', 'dash', 'bash', 'zsh', 'fish', ...(process.env['HONEYDUE_LAWS'] === 'all' ? ['ksh', 'mksh'] : [])]

export const shells: readonly { readonly name: string; readonly path: string }[] = asked.flatMap((name, i) => {
  const path = placeOf(name)
  const before = asked
    .slice(0, i)
    .map((one) => placeOf(one))
    .filter((one) => one !== undefined)
  return path === undefined || before.some((one) => realpathSync(one) === realpathSync(path)) ? [] : [{ name, path }]
})

export interface Typed {
  readonly code: number | null
  /** What each call of a stub was given: its name, then its arguments. */
  readonly calls: readonly (readonly string[])[]
  /** Files that lie in the folder afterwards. */
  readonly left: readonly string[]
  readonly stderr: string
}

/**
 * Types a script into a shell in an empty folder, where `stubs` are all the programs there are: each notes its arguments, and ends well. A program `pwned` is always
 * there, and leaves a file. `answers`: what a stub does beside; `functions`: they are the shell's own, which is a thousand times cheaper, and not to be had in fish.
 */
export const typeInto = (
  shell: string,
  script: string,
  stubs: readonly string[],
  { answers = {}, functions = false }: { readonly answers?: Readonly<Record<string, string>>; readonly functions?: boolean } = {},
): Typed => {
  const dir = mkdtempSync(join(tmpdir(), 'honeydue-typed-'))
  try {
    const [bin, here, noted] = [join(dir, 'bin'), join(dir, 'here'), join(dir, 'noted')]
    mkdirSync(bin)
    mkdirSync(here)
    const put = (name: string, text: string) => {
      writeFileSync(join(bin, name), `#!/bin/sh\n${text}`)
      chmodSync(join(bin, name), 0o755)
    }
    const stub = (name: string) => `printf '%s\\0' $(($# + 1)) '${name}' "$@" >> '${noted}'\n${answers[name] ?? ''}\n`
    if (!functions) for (const name of stubs) put(name, stub(name))
    // Not every shell has it within.
    symlinkSync(placeOf('printf') ?? '', join(bin, 'printf'))
    const own = functions ? stubs.map((name) => `${name}() {\n${stub(name)}}\n`).join('') : ''
    writeFileSync(join(dir, 'script'), `${own}${script}`)
    put('pwned', `: > '${here}/pwned'\n`)
    const { status, stderr } = spawnSync(shell, [join(dir, 'script')], {
      cwd: here,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: bin, HOME: dir, LC_ALL: 'C.UTF-8', XDG_CONFIG_HOME: dir, XDG_DATA_HOME: dir },
      timeout: 60_000,
    })
    const text = existsSync(noted) ? readFileSync(noted, 'utf8') : ''
    return { code: status, calls: callsIn(text.split('\0').slice(0, -1)), left: readdirSync(here), stderr: stderr.toString() }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** Each call stands as the number of its words, and these. */
const callsIn = (noted: readonly string[]): readonly (readonly string[])[] => {
  const calls: (readonly string[])[] = []
  for (let at = 0; at < noted.length; ) {
    const end = at + 1 + Number(noted[at])
    calls.push(noted.slice(at + 1, end))
    at = end
  }
  return calls
}
