import { afterEach, expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { prepare } from '../../../src/lib/plan/plan.ts'
import { refresh } from '../../../src/lib/procedures/firewall/refresh.ts'
import { firewallStatus } from '../../../src/lib/reports/firewall/status.ts'
import { namespace, nodes } from '../../../src/lib/sandbox/deployment/facts.ts'
import { openSystems } from '../../../src/lib/systems/open.ts'
import { parseToml } from '../../../src/lib/toml-text.ts'
import { contextOf } from '../../support/context.ts'
import { useSandbox, worlds } from '../../support/worlds.ts'

const sandbox = useSandbox()
const opened: ReturnType<typeof openSystems>[] = []
afterEach(async () => {
  for (const systems of opened.splice(0)) await systems.close()
})
const [first, second] = nodes
const begin = () => {
  const systems = openSystems(sandbox().environment, systemClock, new AbortController().signal)
  opened.push(systems)
  return { systems, context: contextOf(sandbox().environment) }
}
const show = () => {
  const { systems, context } = begin()
  return firewallStatus.look({}, { cloudflare: systems.cloudflare.read, nodes: systems.nodes.read, kube: systems.kube.read }, context)
}
const said = async () => (await show()).findings.map(({ level, text, next }) => [level, text, ...(next ? [next] : [])].join(' | '))
const planned = async (node: readonly string[]) => {
  const { systems, context } = begin()
  return (await prepare(refresh, { node }, systems, context)).plan
}
const rules = (alias: string, change: (line: string) => string) => {
  const { state } = sandbox().nodes.node(alias)
  for (const file of ['ufw/rules4', 'ufw/rules6']) state.write(file, `${state.read(file).trim().split('\n').map(change).join('\n')}\n`)
}
const kube = () => sandbox().kubernetes.client
const setContainer = (more: object, volumes: readonly object[] = []) =>
  kube().update({ group: 'apps', resource: 'daemonsets' }, 'traefik', 'kube-system', (draft) => {
    const { template } = draft.spec as { template: { spec: { containers: object[]; volumes: readonly object[] } } }
    template.spec.containers = template.spec.containers.map((container) => ({ ...container, ...more }))
    template.spec.volumes = [...template.spec.volumes, ...volumes]
  })
const setTrusted = (words: readonly string[]) =>
  kube().update({ group: 'apps', resource: 'daemonsets' }, 'traefik', 'kube-system', (draft) => {
    const { template } = draft.spec as { template: { spec: { containers: { args: readonly string[] }[] } } }
    for (const container of template.spec.containers) container.args = words
  })
const setAllowed = (sourceRange: readonly string[]) =>
  kube().update({ group: 'traefik.io', resource: 'middlewares' }, 'cloudflare-only', namespace, (draft) => {
    draft.spec = { ipAllowList: { sourceRange } }
  })

const daemonSet = "Traefik's trusted addresses (kube-system/traefik)"
const middleware = `Middleware ${namespace}/cloudflare-only`

test('as published everywhere: 22 ranges at each node, and in both other lists', async () => {
  const view = await show()
  expect(view.findings).toEqual([])
  expect(view.tables[0]?.rows).toEqual(nodes.map(({ alias }) => [alias, 'active', 'deny', '22 of 22', '', '', '', '']))
  expect(view.tables[1]?.rows).toEqual([
    [daemonSet, '22', '', ''],
    [middleware, '22', '', ''],
  ])
})

test('a list published anew is missing at each node and in both other lists; the refresh says that they must be changed too', async () => {
  worlds['one range new and one gone'](sandbox())
  expect(await said()).toEqual([
    ...nodes.flatMap(({ alias }) => [
      `wrong | ${alias} does not let in 198.51.100.0/24 of Cloudflare | honeydue firewall:refresh`,
      `wrong | ${alias} lets in 173.245.48.0/20 that Cloudflare no longer publishes | honeydue firewall:refresh`,
    ]),
    ...[daemonSet, middleware].flatMap((where) => [
      expect.stringContaining(`wrong | ${where} lacks 198.51.100.0/24 of Cloudflare | kubectl -n `),
      `wrong | ${where} trusts 173.245.48.0/20 that Cloudflare does not publish`,
    ]),
  ])
  const { beyond } = await planned([first.alias])
  for (const where of [daemonSet, middleware])
    expect(beyond).toContain(`${where}: 1 of Cloudflare's ranges is missing, 1 more than Cloudflare has: change it too`)
})

test('each other list is read from where it lives, by every spelling of it', async () => {
  const { ipv4, ipv6 } = sandbox().cloudflare.state.ranges
  setTrusted([
    `--entrypoints.websecure.forwardedheaders.trustedips=${ipv4.slice(1).join(',')}`,
    `--entryPoints.websecure.proxyProtocol.trustedIPs=10.0.0.0/8,${ipv6.join(',').toUpperCase()}`,
    '--entryPoints.web.forwardedHeaders.insecure=true',
  ])
  setAllowed([...ipv4, ...ipv6, '0.0.0.0/0'])
  expect(await said()).toEqual([
    expect.stringContaining(`wrong | ${daemonSet} lacks 173.245.48.0/20 of Cloudflare | kubectl -n kube-system patch daemonset traefik`),
    expect.stringContaining(
      `wrong | ${middleware} trusts 0.0.0.0/0 that Cloudflare does not publish | kubectl -n honeydue patch middlewares.traefik.io`,
    ),
  ])
  // The value in a word of its own, and a list that is given again: Traefik adds to it.
  const point = '--entryPoints.websecure.forwardedHeaders.trustedIPs'
  setTrusted([point, ipv4.join(','), `${point}=${ipv6.join(',')}`])
  expect((await show()).tables[1]?.rows[0]).toEqual([daemonSet, '22', '', ''])
  setTrusted([])
  expect((await show()).tables[1]?.rows[0]).toEqual([daemonSet, 'not set', '', ''])
  kube().delete({ group: 'traefik.io', resource: 'middlewares' }, 'cloudflare-only', namespace)
  expect((await show()).tables[1]?.rows.map(([where]) => where)).toEqual([daemonSet])
})

/** What the line for a list does, done by the API server. */
const carryOut = async (line: string) => {
  const [, object = '', name = '', patch = ''] = /patch (\S+) (\S+) --type json -p '(.*)'$/.exec(line) ?? []
  const [group, resource, where] = object === 'daemonset' ? ['apps', 'daemonsets', 'kube-system'] : ['traefik.io', 'middlewares', namespace]
  kube().update({ group, resource }, name, where, (draft) => {
    const [check, change] = JSON.parse(patch) as { path: string; value: unknown }[]
    const keys = (check?.path ?? '').split('/').slice(1)
    const last = keys.pop() ?? ''
    const at = keys.reduce<Record<string, unknown>>((object_, key) => object_[key] as Record<string, unknown>, draft as never)
    expect(at[last]).toEqual(check?.value)
    at[last] = change?.value
  })
}

test('the lines bring both lists to what is published, what is their own kept', async () => {
  worlds['one range new and one gone'](sandbox())
  const { ipv4, ipv6 } = sandbox().cloudflare.state.ranges
  setTrusted([`--entryPoints.websecure.forwardedHeaders.trustedIPs=10.42.0.0/16,${first.address},173.245.48.0/20`])
  setAllowed(['10.0.0.0/8', `${second.address}/32`, '2a01:4f8:1c18:79c7::1', '173.245.48.0/20'])
  const lines = (await show()).findings.flatMap(({ next = '' }) => (next.startsWith('kubectl') ? [next] : []))
  expect(lines).toHaveLength(2)
  for (const line of lines) await carryOut(line)
  const view = await show()
  expect(view.findings.filter(({ text }) => !/^hetzner/.test(text))).toEqual([])
  expect(view.tables[1]?.rows.map(([, count]) => Number(count))).toEqual([ipv4.length + ipv6.length + 2, ipv4.length + ipv6.length + 3])
})

test.each([
  ['a flag', { args: ['--entryPoints.websecure.address=:443', '--entryPoints.websecure.forwardedHeaders.insecure=true'] }, 'websecure'],
  ['a flag without a value', { args: ['--entrypoints.websecure.forwardedheaders.insecure'] }, 'websecure'],
  [
    'beside a list',
    { args: ['--entryPoints.websecure.forwardedHeaders.trustedIPs=10.0.0.0/8', '--entryPoints.websecure.forwardedHeaders.insecure=true'] },
    'websecure',
  ],
  [
    'another name for 443',
    {
      args: [
        '--entryPoints.tls.address=:443/tcp',
        '--entryPoints.tls.forwardedHeaders.insecure=true',
        '--entryPoints.websecure.address=:8443',
      ],
    },
    'tls',
  ],
  ['a variable', { args: [], env: [{ name: 'TRAEFIK_ENTRYPOINTS_WEBSECURE_FORWARDEDHEADERS_INSECURE', value: 'true' }] }, 'websecure'],
  ['a truth as Go writes it', { args: ['-entryPoints.websecure.forwardedHeaders.insecure=1'] }, 'websecure'],
  [
    'the port of the host',
    {
      args: ['--entryPoints.in.address=:8443', '--entryPoints.in.proxyProtocol.insecure=true'],
      ports: [{ containerPort: 8443, hostPort: 443 }],
    },
    'in',
  ],
] as const)('anybody is believed about the client, by %s', async (_, container, point) => {
  setContainer(container)
  expect(await said()).toContainEqual(
    expect.stringMatching(
      new RegExp(`^wrong \\| Traefik believes anybody about the client's address: forwardedHeaders.insecure is on at ${point} \\| kubectl`),
    ),
  )
})

test.each([
  [
    'at port 80 alone',
    { args: ['--entryPoints.web.address=:80', '--entryPoints.web.forwardedHeaders.insecure=true', '--entryPoints.websecure.address=:443'] },
  ],
  ['turned off', { args: ['--entryPoints.websecure.forwardedHeaders.insecure=false'] }],
  [
    'a variable beside any flag, which Traefik then does not read',
    { args: ['--log.level=INFO'], env: [{ name: 'TRAEFIK_ENTRYPOINTS_WEBSECURE_FORWARDEDHEADERS_INSECURE', value: 'true' }] },
  ],
  [
    'a flag over a variable',
    {
      args: ['--entryPoints.websecure.forwardedHeaders.insecure=false'],
      env: [{ name: 'TRAEFIK_ENTRYPOINTS_WEBSECURE_FORWARDEDHEADERS_INSECURE', value: 'true' }],
    },
  ],
] as const)('nobody but the list is believed: %s', async (_, container) => {
  setContainer(container)
  expect(await said()).toEqual([])
})

test('a file of a ConfigMap says it too, and a middleware of the group before is held to the list', async () => {
  const { ipv4, ipv6 } = sandbox().cloudflare.state.ranges
  const ips = [...ipv4, ...ipv6.slice(1), '203.0.113.0/24'].join("', '")
  kube().create({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'traefik-static', namespace: 'kube-system' },
    data: { 'traefik.yaml': `entryPoints:\n  websecure:\n    address: ':443'\n    forwardedHeaders:\n      trustedIPs: ['${ips}']\n` },
  })
  setContainer({ args: ['--configFile=/etc/traefik/traefik.yaml'], volumeMounts: [{ name: 'static', mountPath: '/etc/traefik' }] }, [
    { name: 'static', configMap: { name: 'traefik-static' } },
  ])
  kube().create({
    apiVersion: 'traefik.containo.us/v1alpha1',
    kind: 'Middleware',
    metadata: { name: 'cloudflare-only', namespace },
    spec: { ipWhiteList: { sourceRange: [...ipv4] } },
  })
  // An allow list of something else is nobody's business here.
  kube().create({
    apiVersion: 'traefik.io/v1alpha1',
    kind: 'Middleware',
    metadata: { name: 'office', namespace },
    spec: { ipAllowList: { sourceRange: ['203.0.113.7/32'] } },
  })
  expect(await said()).toEqual([
    `wrong | ${daemonSet} lacks ${ipv6[0]} of Cloudflare`,
    `wrong | ${daemonSet} trusts 203.0.113.0/24 that Cloudflare does not publish`,
    expect.stringContaining(
      `wrong | ${middleware} lacks 7 ranges of Cloudflare | kubectl -n honeydue patch middlewares.traefik.containo.us cloudflare-only`,
    ),
  ])
})

test('a Traefik as k3s itself has it, a Deployment, is held to the list as well, and its line names it', async () => {
  const { ipv4 } = sandbox().cloudflare.state.ranges
  const everywhere = kube().get({ group: 'apps', resource: 'daemonsets' }, 'traefik', 'kube-system')
  const { updateStrategy: _, ...spec } = (everywhere?.spec ?? {}) as Record<string, unknown>
  const args = ['--entryPoints.websecure.address=:443/tcp', `--entryPoints.websecure.forwardedHeaders.trustedIPs=${ipv4.join(',')}`]
  const template = { ...(spec['template'] as object), spec: { containers: [{ name: 'traefik', image: 'traefik', args }] } }
  kube().create({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'traefik', namespace: 'kube-system' },
    spec: { ...spec, replicas: 0, template },
  })
  expect(await said()).toEqual([])
  kube().delete({ group: 'apps', resource: 'daemonsets' }, 'traefik', 'kube-system')
  expect(await said()).toEqual([
    expect.stringContaining(
      `wrong | ${daemonSet} lacks 7 ranges of Cloudflare | kubectl -n kube-system patch deployment traefik --type json -p`,
    ),
  ])
  // As k3s' own chart has it: a Service leads 443 to another port.
  const behind = ['--entryPoints.websecure.address=:8443/tcp', '--entryPoints.websecure.forwardedHeaders.insecure']
  kube().update({ group: 'apps', resource: 'deployments' }, 'traefik', 'kube-system', (draft) => {
    ;(draft.spec as { template: { spec: object } }).template.spec = { containers: [{ name: 'traefik', image: 'traefik', args: behind }] }
  })
  expect(await said()).toEqual([expect.stringMatching(/^wrong \| Traefik believes anybody .* at websecure \|/)])
  kube().delete({ group: 'apps', resource: 'deployments' }, 'traefik', 'kube-system')
  expect(await said()).toEqual([
    expect.stringContaining(`warning | ${daemonSet} could not be read: kube-system has no DaemonSet and no Deployment of that name`),
  ])
  expect((await show()).tables[1]?.rows[0]).toEqual([daemonSet, 'not known', '', ''])
})

test('a static file in TOML is read; one that is in no ConfigMap, or that does not parse, is not known', async () => {
  const { ipv4, ipv6 } = sandbox().cloudflare.state.ranges
  const mounted = (volume: object, data?: string) => {
    setContainer({ args: ['--configFile=/etc/traefik/traefik.toml'], volumeMounts: [{ name: 'static', mountPath: '/etc/traefik' }] }, [
      { name: 'static', ...volume },
    ])
    if (data !== undefined)
      kube().create({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'traefik-toml', namespace: 'kube-system' },
        data: { 'traefik.toml': data },
      })
  }
  const ips = [...ipv4, ...ipv6.slice(1)].map((range) => `    "${range}",`).join('\n')
  const head = '[entryPoints]\n  [entryPoints.websecure]\n  address = ":443" # as k3s\n'
  mounted(
    { configMap: { name: 'traefik-toml' } },
    `${head}  [entryPoints.websecure.forwardedHeaders]\n  insecure = true\n  trustedIPs = [\n${ips}\n  ]\n`,
  )
  expect(await said()).toEqual([
    "wrong | Traefik believes anybody about the client's address: forwardedHeaders.insecure is on at websecure | kubectl -n kube-system edit helmchartconfig traefik",
    `wrong | ${daemonSet} lacks ${ipv6[0]} of Cloudflare`,
  ])
  kube().update({ group: '', resource: 'configmaps' }, 'traefik-toml', 'kube-system', (draft) => {
    ;(draft as unknown as { data: Record<string, string> }).data = { 'traefik.toml': `${head}  trustedIPs = """\n` }
  })
  const unread = expect.stringContaining(`warning | ${daemonSet} could not be read: they stand in a file`)
  expect(await said()).toEqual([unread])
  kube().delete({ group: '', resource: 'configmaps' }, 'traefik-toml', 'kube-system')
  expect(await said()).toEqual([unread])
})

test.each([
  [
    'tables, dotted keys and comments',
    '# a\n[a.b] # c\nc.d = "e#f" # g\n\'h i\' = true\r\n',
    { a: { b: { c: { d: 'e#f' }, 'h i': true } } },
  ],
  [
    'a list over lines, an inline table',
    'a = [\n  \'x\', # y\n  "z",\n]\nb = { c = 1, d = [ 2 ] }',
    { a: ['x', 'z'], b: { c: 1, d: [2] } },
  ],
  ['names that every object has', 'constructor.prototype.x = 1\n', { constructor: { prototype: { x: 1 } } }],
  ['nothing', '# nothing\n', {}],
  ['a string of several lines', "a = '''x\ny'''", { a: 'x\ny' }],
  ['a table that does not end', '[a\nb = 1', undefined],
  ['two pairs in a line', 'a = 1 b = 2', undefined],
  ['no TOML', '{"a": 1}', undefined],
])('TOML: %s', (_, text, value) => {
  expect(parseToml(text)).toEqual(value)
  expect(({} as { x?: unknown }).x).toBeUndefined()
})

test('the refresh says where else the list lives and needs no change', async () => {
  const { target, beyond } = await planned([first.alias])
  expect(target.slice(-2)).toEqual([`${daemonSet}: as published`, `${middleware}: as published`])
  expect(beyond).toHaveLength(1)
})

test('an inactive UFW, a door open to anybody and a range by hand', async () => {
  sandbox().nodes.node(first.alias).state.write('ufw/enabled', 'no\n')
  const { state } = sandbox().nodes.node(second.alias)
  state.write('ufw/rules4', `${state.read('ufw/rules4')}allow|in|tcp|any|443|any|\nallow|in|tcp|203.0.113.5|443|any|monitoring\n`)
  expect(await said()).toEqual([
    "wrong | UFW on hetzner1 is inactive: everything is open | ssh hetzner1 'sudo ufw enable'",
    "wrong | hetzner2 is open to anybody: allow 443/tcp | ssh hetzner2 'sudo ufw delete allow 443/tcp'",
    "warning | hetzner2 also lets in 203.0.113.5 at 443 | ssh hetzner2 'sudo ufw delete allow from 203.0.113.5 to any port 443 proto tcp'",
  ])
})

test('as people have it: SSH at 2222, one rule for both web ports, a ban, a profile, the node speaks German', async () => {
  const { state } = sandbox().nodes.node(first.alias)
  const two = (line: string) => line.replace('|443|', '|80,443|').replace('|22|', '|2222|')
  state.write(
    'ufw/rules4',
    [
      'deny|in|any|203.0.113.9|any|any|fail2ban',
      ...state.read('ufw/rules4').trim().split('\n').map(two),
      'allow|in|tcp|any|app:OpenSSH|any|',
      '',
    ].join('\n'),
  )
  state.write('ufw/rules6', `${state.read('ufw/rules6').trim().split('\n').map(two).join('\n')}\n`)
  const view = await show()
  expect(view.findings).toEqual([])
  expect(view.tables[0]?.rows[0]?.slice(0, 4)).toEqual([first.alias, 'active', 'deny', '22 of 22'])
  const [others] = view.tables.slice(2)
  expect(others?.rows).toContainEqual(['deny from 203.0.113.9  # fail2ban', first.alias])
  expect(others?.rows).toContainEqual(['allow 2222/tcp', first.alias])
  const { steps, blocked, target } = await planned([first.alias])
  expect([blocked, steps[0]?.already]).toEqual([[], true])
  expect(target).toContain('hetzner1 lets in 22 of them at 443')
})

test('IPv6 that UFW leaves alone is said once, and its ranges are not asked for', async () => {
  const { state } = sandbox().nodes.node(first.alias)
  state.write('ufw/defaults', 'IPV6=no\n')
  state.write('ufw/rules6', '')
  const view = await show()
  expect(view.findings).toEqual([])
  expect(view.tables[0]?.rows[0]?.[3]).toBe('15 of 15')
  expect(view.notes?.join('\n')).toContain('UFW leaves IPv6 alone on hetzner1 (IPV6=no in /etc/default/ufw)')
  expect((await planned([first.alias])).steps[0]?.already).toBe(true)
})

test('a list that has shrunk by more than half is not believed, where its ranges match and no rule has a comment too', async () => {
  const { ipv4 } = sandbox().cloudflare.state.ranges
  for (const { alias } of nodes) rules(alias, (line) => line.replace(/\|[^|]*$/, '|'))
  sandbox().cloudflare.state.ranges = { ipv4: ipv4.slice(0, 5), ipv6: [] }
  const because = 'the published list has 5 ranges, less than half of the 22 that are let in now'
  const findings = await said()
  expect(findings[0]).toBe(`wrong | What Cloudflare publishes cannot be true: ${because}`)
  expect(findings.filter((line) => line.startsWith('wrong'))).toHaveLength(1)
  const { blocked, steps } = await planned([first.alias])
  expect(blocked).toEqual([because])
  expect(steps.some(({ already }) => already)).toBe(false)
})
