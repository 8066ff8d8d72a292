import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { reasonOf, Trouble } from '../errors.ts'
import type { View } from '../plan/report.ts'
import type { NodeSetup, NodesReader } from '../systems/nodes/types.ts'

/** One thing that the CLI needs of this machine; what is missing names the next command. */
export type Check = { readonly title: string } & (
  | { readonly ok: true; readonly found: string }
  | { readonly ok: false; readonly because: string; readonly next: string }
)

/** The oldest Node that the package runs on, as its `engines` say. */
const oldestNode = [20, 19] as const

const nodeVersion = (version: string): Check => {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const title = 'Node.js'
  return major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])
    ? { title, ok: true, found: version }
    : { title, ok: false, because: `it is ${version}, older than ${oldestNode.join('.')}`, next: 'install a current Node.js' }
}

const wayTo = (setup: NodeSetup): Check => {
  const { alias, locked, knownAt } = setup
  const title = `ssh ${alias}`
  if (knownAt.length === 0)
    return {
      title,
      ok: false,
      because: `no known_hosts file has its key (${setup.knownHosts.join(', ')})`,
      next: `compare the fingerprint on its console, then: ssh ${alias}`,
    }
  if (setup.usableKeys === 0 && locked[0] !== undefined)
    return { title, ok: false, because: `${locked[0]} is encrypted and no agent holds it`, next: `ssh-add ${locked[0]}` }
  if (setup.usableKeys === 0) {
    const agent = { none: 'there is no SSH agent', silent: 'the SSH agent does not answer', answers: 'the SSH agent holds no key for it' }[
      setup.agent
    ]
    return { title, ok: false, because: `no identity file exists, and ${agent}`, next: 'ssh-add' }
  }
  return { title, ok: true, found: `${setup.user}@${setup.hostname}:${setup.port}, key known at ${knownAt[0]}` }
}

const sshTo = async (alias: string, nodes: NodesReader): Promise<Check> => {
  try {
    return wayTo(await nodes.setup(alias))
  } catch (error) {
    return {
      title: `ssh ${alias}`,
      ok: false,
      because: reasonOf(error),
      next: (error instanceof Trouble ? error.next : undefined) ?? `ssh -G ${alias}`,
    }
  }
}

const readable = async (path: string): Promise<string | undefined> => {
  const file = path.replace(/^~(?=\/)/, homedir())
  try {
    await access(file, constants.R_OK)
    return (await stat(file)).isFile() ? undefined : 'is not a file'
  } catch (error) {
    return { ENOENT: 'does not exist', EACCES: 'may not be read' }[(error as NodeJS.ErrnoException).code ?? ''] ?? reasonOf(error)
  }
}

// The book names two paths for one file: one that can be read is enough.
export const kubeconfig = async (paths: readonly string[]): Promise<Check> => {
  const title = 'kubeconfig'
  const problems = await Promise.all(paths.map(readable))
  const found = paths.find((_path, index) => problems[index] === undefined)
  return found === undefined
    ? {
        title,
        ok: false,
        because: paths.map((path, index) => `${path} ${problems[index]}`).join('; '),
        next: `copy /etc/rancher/k3s/k3s.yaml of a node to ${paths[0] ?? '~/.kube/config'}, mode 0600`,
      }
    : {
        title,
        ok: true,
        found: [found, ...paths.flatMap((path, i) => (problems[i] === undefined ? [] : [`${path} ${problems[i]}`]))].join('; '),
      }
}

/** Looks at this machine alone: nothing is connected to but the SSH agent. */
export const examine = async (asked: {
  readonly nodeVersion: string
  readonly aliases: readonly string[]
  readonly kubeconfigs: readonly string[]
  readonly nodes: NodesReader
}): Promise<readonly Check[]> => [
  nodeVersion(asked.nodeVersion),
  ...(await Promise.all([...asked.aliases.map((alias) => sshTo(alias, asked.nodes)), kubeconfig(asked.kubeconfigs)])),
]

/** What is missing first, each with its next command; then what is there. */
export const doctorView = (checks: readonly Check[]): View => ({
  findings: checks.flatMap((check) =>
    check.ok ? [] : [{ level: 'wrong' as const, text: `${check.title}: ${check.because}`, next: check.next }],
  ),
  tables: [{ columns: ['', ''], rows: checks.flatMap((check) => (check.ok ? [[check.title, check.found]] : [])) }],
  data: checks,
})
