import { expect, test } from 'vitest'
import { production } from '../../../src/lib/environment/production.ts'
import type { Environment } from '../../../src/lib/environment/schema.ts'
import { isWildcard, roundRobinOf } from '../../../src/lib/facts/edge/round-robin.ts'
import type { EdgeSurvey } from '../../../src/lib/facts/edge/survey.ts'
import { edgeFindings } from '../../../src/lib/reports/edge/findings.ts'
import type { AddressRecord, NameAlias } from '../../../src/lib/systems/cloudflare/types.ts'

const deployment = production as Environment
const { nodes } = deployment
const [first, second] = nodes.map(({ address }) => address) as [string, string, string]
const ours = deployment.cloudflare.names
const [api = ''] = ours
const zone = deployment.cloudflare.zone
const aliases = nodes.map(({ alias }) => alias) as [string, string, string]

const a = (name: string, address: string, proxied = true): AddressRecord => ({ name, type: 'A', address, proxied })
const six = (name: string, address: string, proxied = true): AddressRecord => ({ name, type: 'AAAA', address, proxied })
const healthy = ours.flatMap((name) => nodes.map(({ address }) => a(name, address)))

interface World {
  readonly records?: readonly AddressRecord[]
  readonly follows?: readonly NameAlias[]
  readonly ssl?: string
  readonly overrides?: readonly { readonly kind: 'page rule' | 'configuration rule'; readonly where: string; readonly ssl: string }[]
  /** What a customer gets, by name; 200 without. */
  readonly gets?: Readonly<Record<string, number>>
  /** What a node answers to every name, by alias; why not, where it is a text. */
  readonly says?: Readonly<Record<string, number | string>>
  readonly zone?: { readonly paused?: boolean; readonly status?: string }
}

const surveyOf = (world: World): EdgeSurvey => {
  const records = world.records ?? healthy
  const robin = roundRobinOf(deployment, records, world.follows ?? [])
  const names = [...new Set([...ours, ...robin.names.filter((name) => !isWildcard(name))])]
  const urlOf = (name: string) => (deployment.health.includes(`//${name}/`) ? deployment.health : `https://${name}/`)
  const saidBy = (alias: string) => {
    const said = world.says?.[alias] ?? 200
    if (typeof said === 'string') return { because: said }
    return { value: names.map((name) => ({ url: urlOf(name), status: said, latencyMs: 9 })) }
  }
  return {
    deployment,
    zone: { value: { name: zone, plan: 'Free', account: '', status: world.zone?.status ?? 'active', paused: world.zone?.paused ?? false } },
    settings: { value: { ssl: world.ssl ?? 'strict', alwaysUseHttps: true } },
    overrides: { value: world.overrides ?? [] },
    records: { value: records },
    robin,
    names,
    origins: new Map(aliases.map((alias) => [alias, saidBy(alias)])),
    served: new Map(aliases.map((alias) => [alias, { value: { refused: [], silent: [] } }])),
    answers: new Map(names.map((name) => [name, { value: { status: world.gets?.[name] ?? 200, latencyMs: 9, headers: {} } }])),
  } as unknown as EdgeSurvey
}
const all = (status: number) => Object.fromEntries(ours.map((name) => [name, status]))
const without = (address: string, name?: string) =>
  healthy.filter((record) => record.address !== address || (name !== undefined && record.name !== name))

const samples: readonly (readonly [string, World, readonly (string | RegExp)[]])[] = [
  ['mail beside the proxy', { records: [...healthy, a(`mail.${zone}`, second, false)] }, []],
  ['a name of all nodes beside the proxy', { records: [...healthy, ...nodes.map(({ address }) => a(`vpn.${zone}`, address, false))] }, []],
  ['a proxied name of one node', { records: [...healthy, a(`grafana.${zone}`, first)] }, []],
  ['a wildcard of a lower level beside the proxy', { records: [...healthy, a(`*.dev.${zone}`, first, false)] }, []],
  ['a wildcard of all nodes', { records: [...healthy, ...nodes.map(({ address }) => a(`*.${zone}`, address))] }, []],
  ['an address of elsewhere under another name', { records: [...healthy, a(`status.${zone}`, '192.0.2.7')] }, []],
  [
    'a name of ours that follows the apex',
    { records: healthy.filter(({ name }) => name !== ours[3]), follows: [{ name: ours[3] ?? '', target: zone, proxied: true }] },
    [],
  ],
  [
    'one that follows what is gone',
    {
      records: healthy.filter(({ name }) => name !== ours[3]),
      follows: [{ name: ours[3] ?? '', target: 'gone.pages.dev', proxied: true }],
      gets: { [ours[3] ?? '']: 530 },
    },
    [/^wrong app\S+ answers 530: it follows gone.pages.dev, which has no address \| look at it in the dashboard$/],
  ],
  [
    'an IPv6 address of nobody',
    { records: [...healthy, six(api, '2001:db8::9')] },
    [/^wrong .*AAAA record 2001:db8::9, which is no node's/],
  ],
  [
    'one record beside the proxy',
    { records: healthy.map((record) => (record.name === api && record.address === first ? { ...record, proxied: false } : record)) },
    [`wrong The A record ${first} of ${api} is not proxied: it shows the node itself | honeydue edge:restore ${aliases[0]}`],
  ],
  [
    'a node that is away, in DNS of one name alone',
    { records: [...without(second), a(api, second)], says: { [aliases[1]]: 'nothing listens there' } },
    [`wrong ${aliases[1]} is in the round robin and could not be asked: nothing listens there | honeydue edge:drain ${aliases[1]}`],
  ],
  [
    'a node that is away and out',
    { records: without(second), says: { [aliases[1]]: 'nothing listens there' } },
    [
      `warning ${aliases[1]} could not be asked: nothing listens there | honeydue nodes:status`,
      `warning ${aliases[1]} is out of the round robin of every name`,
    ],
  ],
  [
    'a node that is well and half out',
    { records: without(second, api) },
    [`wrong ${aliases[1]} is missing from ${api} | honeydue edge:restore ${aliases[1]}`],
  ],
  [
    'one node answers 502',
    { says: { [aliases[0]]: 502 } },
    [new RegExp(`^wrong ${aliases[0]} is in the round robin and not well: .*edge:drain ${aliases[0]}$`)],
  ],
  [
    'all nodes answer 502',
    { gets: all(502), says: Object.fromEntries(aliases.map((alias) => [alias, 502])) },
    [
      ...ours.map((name) => `wrong ${name} answers 502`),
      /^wrong Every node that answers says the same of .*: answers 502 \| honeydue cluster:health$/,
    ],
  ],
  ['520', { gets: { [api]: 520 } }, [`wrong ${api} answers 520: what a node answered is no HTTP`]],
  ['521', { gets: { [api]: 521 } }, [/^wrong \S+ answers 521: every node that it tried refused the connection \| honeydue nodes:status$/]],
  [
    '522',
    { gets: { [api]: 522 } },
    [/^wrong \S+ answers 522: .*its firewall does not know Cloudflare, or it is down \| honeydue firewall:status$/],
  ],
  [
    '522 where a page rule does without TLS',
    { gets: { [api]: 522 }, overrides: [{ kind: 'page rule', where: `*${zone}/*`, ssl: 'flexible' }] },
    [/^wrong \S+ answers 522: Cloudflare asks at port 80, and UFW keeps it shut \|/, /^wrong A page rule sets the SSL mode flexible/],
  ],
  [
    'names that follow each other to the apex, and a record of another type beside',
    {
      records: [...healthy, six(`${zone}`, '2606:4700::1', false)].filter((one) => one.type === 'A'),
      follows: [
        { name: `www.${zone}`, target: `web.${zone}`, proxied: true },
        { name: `web.${zone}`, target: zone, proxied: true },
      ],
    },
    [],
  ],
  ['a zone that was moved away', { zone: { status: 'moved' } }, [`wrong The zone ${zone} is moved, not active`]],
  ['525', { gets: { [api]: 525 } }, [/^wrong \S+ answers 525: /]],
  ['523', { gets: { [api]: 523 } }, [/^wrong \S+ answers 523: /]],
  ['a paused zone', { zone: { paused: true } }, [`wrong The zone ${zone} is paused: its names lead to the nodes themselves`]],
  ['a zone that is not delegated yet', { zone: { status: 'pending' } }, [`wrong The zone ${zone} is pending, not active`]],
]

test.each(samples)('what is said of the edge: %s', (_, world, said) => {
  const found = edgeFindings(surveyOf(world)).map(({ level, text, next }) => `${level} ${text}${next === undefined ? '' : ` | ${next}`}`)
  expect(found).toEqual(said.map((one) => (typeof one === 'string' ? one : expect.stringMatching(one))))
})
