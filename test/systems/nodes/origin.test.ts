import { expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { nodes, publicNames } from '../../../src/lib/sandbox/deployment/facts.ts'
import { nodesSystem } from '../../../src/lib/systems/nodes/nodes.ts'
import { readOrigin } from '../../../src/lib/systems/nodes/origin.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox({ speed: { keepAliveMs: 500 } })
const urls = ['https://api.myhoneydue.com/api/health/', ...publicNames.slice(1).map((name) => `https://${name}/`)]

test('a node answers for every name at its own 443, and says why where it does not', async () => {
  const { edge, nodes: machines, environment } = sandbox()
  const system = nodesSystem({ configFile: machines.configFile, clock: systemClock })
  try {
    const answers = await system.read.origin('hetzner1', urls)
    expect(answers).toEqual(urls.map((url) => ({ url, status: 200, latencyMs: expect.any(Number) })))
    edge.traefik('hetzner1').fail('no-handshake')
    expect(await system.read.origin('hetzner1', urls.slice(0, 1))).toEqual([{ url: urls[0], because: 'the TLS handshake failed' }])
    expect(environment.nodes).toHaveLength(nodes.length)
  } finally {
    await system.close()
  }
})

test('open connections of the edge are counted on the node', async () => {
  const { nodes: machines, edge } = sandbox()
  const system = nodesSystem({ configFile: machines.configFile, clock: systemClock })
  try {
    for (const { alias } of nodes) expect(await system.read.connections(alias, 443)).toBe(edge.connections(alias).length)
    expect(await system.read.connections('hetzner1', 80)).toBe(0)
  } finally {
    await system.close()
  }
})

test('a URL that curl says nothing of has its end', () => {
  expect(readOrigin('end 127\n', ['https://a/'])).toEqual([{ url: 'https://a/', because: 'there is no curl on the node' }])
  expect(readOrigin('', ['https://a/'])).toEqual([{ url: 'https://a/', because: 'curl exited with -1' }])
  expect(readOrigin('1 28 000 5.001\n0 0 200 0.012\nend 28\n', ['https://a/', 'https://b/'])).toEqual([
    { url: 'https://a/', status: 200, latencyMs: 12 },
    { url: 'https://b/', because: 'no answer within 5 s' },
  ])
})
