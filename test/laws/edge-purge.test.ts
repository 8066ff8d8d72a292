import { purge } from '../../src/lib/procedures/edge/purge.ts'
import { api, useEdge } from './edge-subject.ts'
import { laws } from './laws.ts'

const { subject } = useEdge({ afresh: true })
const nothing = { url: [], host: [], everything: false }
const many = Array.from({ length: 2501 }, (_, n) => `n${n}.myhoneydue.com`)

laws(purge, subject, [
  { name: 'one URL', input: { ...nothing, url: [`https://${api}/a`] }, arrange: () => {}, meets: 'work' },
  { name: 'a URL and a host', input: { ...nothing, url: [`https://${api}/a`], host: [api] }, arrange: () => {}, meets: 'work' },
  { name: 'everything', input: { ...nothing, everything: true }, arrange: () => {}, meets: 'work' },
  {
    name: 'a host of another zone',
    input: { ...nothing, host: ['www.example.com'] },
    arrange: () => {},
    refused: /www\.example\.com is no name of the zone myhoneydue\.com/,
  },
  {
    name: 'more than the plan takes at once',
    input: { ...nothing, host: many },
    arrange: () => {},
    refused: /26 requests are more than the 25/,
  },
])
