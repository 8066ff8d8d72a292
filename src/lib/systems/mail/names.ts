import { Resolver } from 'node:dns/promises'
import { type Duration, limited } from '../../clock.ts'
import { dnsTrouble } from './trouble.ts'
import type { MailReader } from './types.ts'

export interface NamesOptions {
  /** `address:port` of a name server; without one, those of this machine. */
  readonly nameserver?: string | undefined
  /** For each question. */
  readonly timeout: Duration
  readonly signal?: AbortSignal | undefined
}

/** These say that there is none, and not that nobody answers. */
const none = new Set(['ENODATA', 'ENOTFOUND'])

/** The DNS half: each question has a time limit of its own, which the library's own keeps only nearly. */
export const askNames = ({ nameserver, timeout, signal }: NamesOptions): Pick<MailReader, 'exchanges' | 'texts'> => {
  const ask = async <T>(type: string, name: string, question: (resolver: Resolver) => Promise<readonly T[]>): Promise<readonly T[]> => {
    signal?.throwIfAborted()
    const resolver = new Resolver({ timeout, tries: 1 })
    if (nameserver !== undefined) resolver.setServers([nameserver])
    const { signal: until } = limited(timeout, signal)
    const stop = () => resolver.cancel()
    until.addEventListener('abort', stop, { once: true })
    try {
      return await question(resolver)
    } catch (error) {
      signal?.throwIfAborted()
      if (error instanceof Error && 'code' in error && none.has(String(error.code))) return []
      throw dnsTrouble(error, name, type, timeout)
    } finally {
      until.removeEventListener('abort', stop)
    }
  }
  return {
    exchanges: (domain) =>
      ask('MX', domain, async (resolver) =>
        (await resolver.resolveMx(domain)).sort((one, other) => one.priority - other.priority).map(({ exchange }) => exchange),
      ),
    texts: (name) => ask('TXT', name, async (resolver) => (await resolver.resolveTxt(name)).map((pieces) => pieces.join(''))),
  }
}
