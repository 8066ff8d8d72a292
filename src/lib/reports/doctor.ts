import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { reasonOf } from '../errors.ts'
import { answer } from '../facts/answer.ts'
import type { ExpectedNode } from '../facts/nodes/survey.ts'
import type { View } from '../plan/report.ts'
import { word } from '../shell.ts'
import type { NodesReader } from '../systems/nodes/types.ts'
import type { Check } from './doctor-check.ts'
import { clock, journal, kubeconfigDays, programs } from './doctor-machine.ts'
import { sshTo } from './doctor-ssh.ts'

/** The oldest Node that the package runs on, as its `engines` say. */
const oldestNode = [20, 19] as const

const nodeVersion = (version: string): Check => {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const title = 'Node.js'
  return major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])
    ? { title, ok: true, found: version }
    : { title, ok: false, because: `it is ${version}, older than ${oldestNode.join('.')}`, next: 'install a current Node.js' }
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

/** Reads them as every command does; throws where they give no cluster. */
type LoadKubeconfig = (
  paths: readonly string[],
) => Promise<{ readonly path: string; readonly context: string; readonly certificate?: string }>

// The book names two paths for one file: one that can be read is enough.
export const kubeconfig = async (paths: readonly string[], load: LoadKubeconfig): Promise<Check> => {
  const title = 'kubeconfig'
  const problems = await Promise.all(paths.map(readable))
  const found = paths.find((_path, index) => problems[index] === undefined)
  if (found === undefined) {
    return {
      title,
      ok: false,
      because: paths.map((path, index) => `${path} ${problems[index]}`).join('; '),
      next: `copy /etc/rancher/k3s/k3s.yaml of a node to ${word(paths[0] ?? '~/.kube/config')}, mode 0600`,
    }
  }
  // That it is there says nothing yet: what every command does with it is tried.
  const loaded = await answer(load(paths))
  if (!loaded.answered) return { title, ok: false, because: reasonOf(loaded.error), next: 'kubectl config view' }
  const others = paths.flatMap((path, i) => (problems[i] === undefined ? [] : [`${path} ${problems[i]}`]))
  return { title, ok: true, found: [`${loaded.value.path}, context ${loaded.value.context}`, ...others].join('; ') }
}

/** Looks at this machine, and at what answers behind its SSH aliases. */
export const examine = async (asked: {
  readonly nodeVersion: string
  readonly expected: readonly ExpectedNode[]
  readonly kubeconfigs: readonly string[]
  readonly nodes: NodesReader
  readonly load: LoadKubeconfig
  /** Where journals are kept. */
  readonly state: string
  readonly now: Date
}): Promise<readonly Check[]> => {
  const loaded = await answer(asked.load(asked.kubeconfigs))
  const [ssh, started, written, clocks, used] = await Promise.all([
    Promise.all(asked.expected.map((node) => sshTo(node, asked.expected, asked.nodes))),
    programs(),
    journal(asked.state),
    clock(
      asked.expected.map(({ alias }) => alias),
      asked.nodes,
    ),
    kubeconfig(asked.kubeconfigs, asked.load),
  ])
  const days = loaded.answered ? kubeconfigDays(loaded.value.path, loaded.value.certificate, asked.now) : []
  return [nodeVersion(asked.nodeVersion), ...started, written, ...clocks, ...ssh, ...days, used]
}

/** What is missing first, each with its next command; then what is there. Nothing could be reached where no alias led to a machine. */
export const doctorView = (checks: readonly Check[]): View => ({
  unreachable: isNobodyThere(checks.filter(({ title }) => title.startsWith('ssh '))),
  findings: checks.flatMap((check) =>
    check.ok ? [] : [{ level: 'wrong' as const, text: `${check.title}: ${check.because}`, next: check.next }],
  ),
  tables: [{ columns: ['', ''], rows: checks.flatMap((check) => (check.ok ? [[check.title, check.found]] : [])) }],
  data: checks,
})

const isNobodyThere = (aliases: readonly Check[]): boolean =>
  aliases.length > 0 && aliases.every((check) => !check.ok && check.unreached === true)
