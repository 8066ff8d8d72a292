import { part, type ShellLine, sh, words } from '../../shell.ts'

/** How ssh is to be called, and what the machine behind each alias calls itself. */
export interface SayNodesOptions {
  readonly configFile?: string
  readonly hostnames?: ReadonlyMap<string, string>
}

/** The line that runs another one on a node, where the machine is the one that the environment names. */
export const overSsh =
  ({ configFile, hostnames }: SayNodesOptions) =>
  (alias: string, line: ShellLine): ShellLine => {
    const hostname = hostnames?.get(alias)
    const own = hostname?.includes('.') ? sh`hostname | tr A-Z a-z` : sh`hostname | tr A-Z a-z | cut -d. -f1`
    const remote = hostname === undefined ? line : sh`own=$(${part(own)}); test "$own" = ${hostname.toLowerCase()} && ${part(line)}`
    return configFile === undefined ? sh`ssh ${alias} ${remote}` : sh`ssh ${words(['-F', configFile, alias])} ${remote}`
  }
