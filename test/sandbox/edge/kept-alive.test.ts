import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { apiHost, nodes } from '../../../src/lib/sandbox/deployment/facts.ts'
import { covers } from '../../../src/lib/sandbox/edge/addresses.ts'
import { publishedRanges } from '../../../src/lib/sandbox/edge/ranges.ts'
import { throughEdge } from '../../support/through-edge.ts'
import { eventually, useSandbox } from '../../support/worlds.ts'

const run = promisify(execFile)
const sandbox = useSandbox({ speed: { keepAliveMs: 60_000 } })
const ss = async (alias: string) =>
  (await run('ssh', ['-F', sandbox().nodes.configFile, '-o', 'BatchMode=yes', alias, "ss -Htn state established '( sport = :443 )'"]))
    .stdout
const health = async () => (await throughEdge(sandbox(), apiHost, '/api/health/')).status

test('a connection of the edge outlives the record that led to it, and ss on the node counts it until it is closed', async () => {
  const { state } = sandbox().cloudflare
  for (let n = 0; n < 3; n++) expect(await health()).toBe(200)
  const open = await ss('hetzner1')
  expect(open.trim().split('\n')).toHaveLength(1)
  const [, peer = ''] = /:443 ([\d.]+):\d+/.exec(open) ?? []
  expect(publishedRanges.ipv4.some((range) => covers(range, peer))).toBe(true)
  state.records = state.records.filter(({ name, content }) => name !== apiHost || content !== nodes[0].address)
  expect(sandbox().edge.connections('hetzner1')).toHaveLength(1)
  sandbox().edge.reset()
  await eventually(async () => (await ss('hetzner1')) === '')
  expect(await health()).toBe(200)
})

test('the sandbox says where its edge is, and no secret', async () => {
  const { dir, edge, environment } = sandbox()
  expect(environment.hostaddr['myhoneydue.com']).toBe(`127.0.0.1:${edge.port}`)
  expect(readFileSync(join(dir, 'environment.yaml'), 'utf8')).not.toContain('PLANTED')
})
