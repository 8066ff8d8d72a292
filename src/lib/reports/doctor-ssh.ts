import { reasonOf, Trouble, Unreachable } from '../errors.ts'
import type { ExpectedNode } from '../facts/nodes/survey.ts'
import { isOwnName } from '../own-name.ts'
import { sh, word } from '../shell.ts'
import type { NodeSetup, NodesReader } from '../systems/nodes/types.ts'
import type { Check } from './doctor-check.ts'

const byWay = ({ way, knownAt }: NodeSetup): string =>
  way.by === 'library'
    ? `by the SSH library, key known at ${knownAt[0]}`
    : way.by === 'master'
      ? `through the OpenSSH that runs already: ${way.because}`
      : `by OpenSSH, for ${way.because}`

const byHand = ({ remoteCommand }: NodeSetup): string =>
  remoteCommand === undefined ? '' : `; shell lines for it need ssh -o RemoteCommand=none, because of its RemoteCommand ${remoteCommand}`

const agentSays = { none: 'there is no SSH agent', silent: 'the SSH agent does not answer', answers: 'the SSH agent holds no key for it' }

/** What this machine lacks for the library to get in; OpenSSH knows more ways than can be looked at from here. */
const lacking = (setup: NodeSetup): { readonly because: string; readonly next: string } | undefined => {
  const { alias, locked, absent, knownAt, way } = setup
  if (way.by !== 'library') return undefined
  if (knownAt.length === 0)
    return {
      because: `no known_hosts file has its key (${setup.knownHosts.join(', ')})`,
      next: `compare the fingerprint on its console, then: ${sh`ssh ${alias}`}`,
    }
  if (setup.usableKeys > 0) return undefined
  if (locked[0] !== undefined) return { because: `${locked[0]} is encrypted and no agent holds it`, next: sh`ssh-add ${locked[0]}` }
  if (absent[0] !== undefined)
    return { because: `${absent[0].because}, and ${agentSays[setup.agent]}`, next: absent[0].next ?? 'ssh-add -l' }
  return { because: `no identity file exists, and ${agentSays[setup.agent]}`, next: 'ssh-add' }
}

/** The machine that answers must be the one that the environment means: aliases get swapped, and addresses given anew. */
const mistaken = (node: ExpectedNode, hostname: string, setup: NodeSetup, all: readonly ExpectedNode[]): string | undefined => {
  if (isOwnName(hostname, node.hostname)) return undefined
  const named = all.find((one) => isOwnName(hostname, one.hostname))
  const addressed = all.find(({ address, alias }) => alias !== node.alias && address === setup.hostname)
  const where = addressed ? ` at ${setup.hostname}, ${addressed.alias}'s address,` : ` at ${setup.hostname}`
  return `what answers${where} calls itself ${hostname || 'nothing'}${named ? ` and is ${named.alias}` : ''}: ${node.alias} is ${node.hostname}, ${node.address}`
}

/** The network or the machine there, and nothing that this machine lacks. */
const silent = new Set(['ssh-unreachable', 'ssh-timeout', 'ssh-lost'])

/** Whether `ssh` gets in to this node, by which way, and whether it is the machine that is meant. */
export const sshTo = async (node: ExpectedNode, all: readonly ExpectedNode[], nodes: NodesReader): Promise<Check> => {
  const title = sh`ssh ${node.alias}`
  try {
    const setup = await nodes.setup(node.alias)
    const missing = lacking(setup)
    if (missing) return { title, ok: false, ...missing }
    const hostname = await nodes.hostname(node.alias)
    const because = mistaken(node, hostname, setup, all)
    return because === undefined
      ? { title, ok: true, found: `${setup.user}@${setup.hostname}:${setup.port} is ${hostname}, ${byWay(setup)}${byHand(setup)}` }
      : { title, ok: false, because, next: `lead Host ${word(node.alias)} of the SSH configuration to ${word(node.address)}` }
  } catch (error) {
    return {
      title,
      ok: false,
      because: reasonOf(error),
      unreached: error instanceof Unreachable && silent.has(error.code),
      next: (error instanceof Trouble ? error.next : undefined) ?? sh`ssh -G ${node.alias}`,
    }
  }
}
