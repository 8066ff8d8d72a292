import { zoneName } from '../../sandbox/deployment/facts.ts'
import { endOfPair, putPair } from '../breaks.ts'
import type { Drill } from '../drill.ts'

/** The origin's certificate ended; a good pair lies in the checkout. */
export const drill: Drill = {
  name: 'certificate-ended',
  origin: 'The origin certificate had ended',
  source: 'chapter 17',
  heard: 'Monitoring: every public name answers 526.',
  hints: ['526 is what Cloudflare says of a certificate of ours: honeydue cert:status', 'The checkout holds a pair that is still good'],
  breaks: ({ sandbox }) =>
    putPair(
      sandbox,
      sandbox.originCa.authority.issue({
        commonName: 'CloudFlare Origin Certificate',
        names: [`*.${zoneName}`, zoneName],
        notBefore: new Date(Date.now() - 8 * 86_400_000),
        days: 7,
      }),
    ),
  over: ({ sandbox }) => {
    const end = endOfPair(sandbox)
    return [
      {
        what: 'The certificate that is used has not ended',
        because: end.getTime() < Date.now() ? `it ended on ${end.toISOString().slice(0, 10)}` : undefined,
      },
    ]
  },
  leaves: ['origin certificate'],
  page: 'cert:install',
  way: () => [['cert:install']],
}
