import { counted } from '../../counted.ts'
import { Unreachable } from '../../errors.ts'
import { sh } from '../../shell.ts'
import type { Identities } from './identities.ts'
import { tryOut } from './over-ssh.ts'
import type { Resolved } from './resolved.ts'

/** How far a connection came before it was closed. */
export interface Closed {
  readonly error: Error & { readonly level?: string; readonly code?: unknown }
  readonly identities: Identities
  /** What the server would accept, by its last word. */
  readonly left: readonly string[]
  /** A key was accepted, and something else is wanted beside it. */
  readonly partial: boolean
  /** Keys that were offered. */
  readonly offered: number
  /** What the command that leads there printed last, and how it ended. */
  readonly proxy?: string
  /** The keys were exchanged. */
  readonly spoke: boolean
  /** Nothing at all came from it. */
  readonly silent: boolean
}

const agentSays = (host: Resolved, agent: Identities['agent']): string =>
  ({
    answers: 'the agent holds no key that it accepts',
    silent: `the agent at ${host.identityAgent} does not answer`,
    none: 'there is no SSH agent',
  })[agent]

/** Why it let nobody in, and what would help. */
const authCause = (host: Resolved, { identities, partial, left }: Closed): { readonly cause: string; readonly next?: string } => {
  const [locked] = identities.locked
  const [exposed] = identities.exposed
  const [absent] = identities.absent
  const agent = agentSays(host, identities.agent)
  if (partial)
    return {
      cause: `it accepted the key and wants ${left.join(' or ') || 'another factor'} beside it`,
      next: `sign in once and leave it open, with ControlMaster and ControlPath in the SSH configuration: ${sh`ssh -fNM ${host.alias}`}`,
    }
  if (!host.publicKeys) return { cause: 'the SSH configuration says PubkeyAuthentication no' }
  if (locked) return { cause: `the key ${locked} is encrypted and ${agent}`, next: sh`ssh-add ${locked}` }
  if (exposed) return { cause: `the key ${exposed} may be read by others, so it is ignored, and ${agent}`, next: sh`chmod 600 ${exposed}` }
  if (absent) {
    const held = identities.agent === 'answers'
    const next = absent.next ?? (held ? 'ssh-add -l' : undefined)
    return {
      cause: `${absent.because}, and ${held ? 'the agent does not hold its private key' : agent}`,
      ...(next !== undefined && { next }),
    }
  }
  return { cause: `${identities.methods.length === 0 ? 'no usable identity file, and' : 'it refused every key offered;'} ${agent}` }
}

const authFailure = (host: Resolved, closed: Closed): Unreachable => {
  const { cause, next } = authCause(host, closed)
  const accepts = closed.left.length > 0 && !closed.partial ? `; it accepts ${closed.left.join(', ')}` : ''
  return new Unreachable(
    {
      code: 'ssh-auth',
      failed: `${host.alias} does not let ${host.user} in`,
      cause: `${cause}${accepts}`,
      next: next ?? tryOut(host),
    },
    { cause: closed.error },
  )
}

/** Why a connection did not come about: what the other side said, where it said something. */
export const failureOf = (host: Resolved, closed: Closed): Unreachable => {
  const { error, proxy, offered } = closed
  // The way there has said itself why it ended: a jump host that cannot reach it.
  if (error instanceof Unreachable) return error
  if (error.level === 'client-authentication' || error.level === 'agent') return authFailure(host, closed)
  const failed = `${host.alias} did not complete the SSH handshake`
  const next = tryOut(host)
  const because = (code: string, cause: string) => new Unreachable({ code, failed, cause, next }, { cause: error })
  if (error.level === 'client-timeout')
    return because(
      'ssh-timeout',
      `it ${closed.silent ? `${host.proxyCommand ? 'was not reached by its ProxyCommand' : 'accepted the connection and said nothing'} for ${host.firstWordMs / 1000} s` : `began to answer, and had let nobody in after ${host.patienceMs / 1000} s`}${proxy ? `: ${proxy}` : ''}`,
    )
  if (error.level === 'handshake') return because('ssh-handshake', `no common algorithm: ${error.message}`)
  if (proxy !== undefined && !closed.spoke) return because('ssh-lost', `its ProxyCommand ended: ${proxy}`)
  // A number is the reason of a disconnection, with the server's own words.
  const words = typeof error.code === 'number' ? `it closed the connection: ${error.message}` : undefined
  if (offered > 1)
    return because(
      'ssh-auth',
      `${words ?? 'it closed the connection'}, after ${counted(offered, 'key')} that it does not accept. IdentitiesOnly yes and IdentityFile in the SSH configuration offer the right one alone`,
    )
  if (words !== undefined) return because('ssh-lost', words)
  return because('ssh-lost', 'the connection was closed: the server is restarting, full (MaxStartups), or bans this address')
}
