import type { ContractCase } from '../../contract/contract.ts'
import { type Deployment, type Ended, honeydue } from './world.ts'

export type Case = ContractCase<Deployment>

/** `--confirm SUBJECT` stands for what somebody types who has looked at the plan: the deployment's name before it, and the plan's own. */
export const ask = async (world: Pick<Deployment, 'environmentFile'>, ...words: readonly string[]) => {
  const at = words.indexOf('--confirm')
  if (at < 0) return honeydue(world.environmentFile, ...words)
  const others = [...words.slice(0, at), ...words.slice(at + 2)]
  const { plan } = (await honeydue(world.environmentFile, ...others, '--dry-run')).document as { readonly plan?: { readonly name: string } }
  return honeydue(world.environmentFile, ...others, '--confirm', `sandbox/${words[at + 1]}`, '--plan', plan?.name ?? 'none')
}

/** Names and numbers that are new each time. */
export const plain = (text: string): string =>
  text
    .replace(/\b(pid|backend) \d+/g, '$1 N')
    // Half as long where another node spoke at once.
    .replace(/\bsaid nothing for [48] s\b/g, 'said nothing for N s')
    .replace(/SHA256:\S+/g, 'SHA256')
    .replace(/\b127\.0\.0\.\d+:\d+/g, 'PLACE')
    .replace(/\bits port \d+/g, 'its port')
    .replace(/\/\S+\/known_hosts:\d+/g, 'known_hosts')
    .replace(/\b(api|worker|admin|web|honeydue-migrate)(-[a-z0-9]{9,10})?-[a-z0-9]{5}\b/g, '$1-POD')
    .replace(/\b(changed by )[0-9a-f]{7}( at \S+ \S+ UTC)?/g, '$1COMMIT')

/** What must not differ: the exit code, the error's code and reasons, what was found. */
export const said = ({ code, document: { error, findings } }: Ended) => ({
  code,
  ...(error && { error: error.code }),
  ...(findings && { findings: findings.map(({ text }) => plain(text)) }),
})

/** The same with what became of each step, and why it was refused. */
export const done = ({ code, document: { states, error } }: Ended) => ({
  code,
  ...(states && { states: states.join(' ') }),
  ...(error && { error: error.code, ...(error.details?.length && { details: error.details.map(plain) }) }),
})

export const refusal = (code: number, error: string) => ({ code, error })
