import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { childEnvironment } from '../../child-environment.ts'
import { Unreachable } from '../../errors.ts'
import { sh, words } from '../../shell.ts'
import { type Resolved, resolvedFrom } from './resolved.ts'

const exec = promisify(execFile)

const ask = async (args: readonly string[], alias: string, signal: AbortSignal | undefined) => {
  try {
    return (await exec('ssh', [...args, '--', alias], { timeout: 10_000, env: childEnvironment(), ...(signal ? { signal } : {}) })).stdout
  } catch (error) {
    signal?.throwIfAborted()
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new Unreachable({
        code: 'ssh-not-installed',
        failed: `ssh ${alias} cannot be resolved`,
        cause: "OpenSSH's client (ssh) is not in PATH",
        next: 'install openssh-client, then run honeydue doctor',
      })
    const said = String((error as { stderr?: string }).stderr ?? '').trim()
    throw new Unreachable({
      code: 'ssh-config',
      failed: `ssh -G ${alias} failed`,
      cause: said || 'the SSH configuration cannot be read',
      next: sh`ssh ${words([...args, alias])}`,
    })
  }
}

/** Asks `ssh -G`. `more` are further arguments, as OpenSSH itself passes for a jump host (-l, -p, -J). */
export const resolveAlias = async (
  alias: string,
  options: { readonly configFile?: string; readonly more?: readonly string[]; readonly signal?: AbortSignal },
): Promise<Resolved> => {
  const args = options.more ?? []
  const asked = ['-G', ...(options.configFile ? ['-F', options.configFile] : []), ...args]
  const printed = await ask(asked, alias, options.signal)
  // Of all that `ssh -G` prints it expands the token in ControlPath alone.
  const hashed = printed.includes('%C') ? await ask(['-o', 'ControlPath=%C', ...asked], alias, options.signal) : ''
  const values = new Map<string, string[]>()
  for (const line of printed.split('\n')) {
    const at = line.indexOf(' ')
    if (at > 0) values.set(line.slice(0, at), [...(values.get(line.slice(0, at)) ?? []), line.slice(at + 1)])
  }
  return resolvedFrom(alias, values, args, /^controlpath (.+)$/m.exec(hashed)?.[1])
}
