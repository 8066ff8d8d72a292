import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAuthority } from '../../../src/lib/sandbox/certificates.ts'
import { kubeconfig } from '../../../src/lib/sandbox/kubeconfig.ts'
import { startKubernetes } from '../../../src/lib/sandbox/kubernetes/kubernetes.ts'
import { check, scenarios } from './run.mjs'

const given = process.env['HONEYDUE_TEST_KUBECONFIG']
let file = given ?? ''
const stops: (() => Promise<void>)[] = []

beforeAll(async () => {
  if (given) return
  const authority = createAuthority('kubernetes')
  const nodes = ['one', 'two', 'three'].map((name) => ({ name, address: '127.0.0.1', up: () => true }))
  const server = await startKubernetes({ authority, nodes })
  const dir = await mkdtemp(join(tmpdir(), 'contract-'))
  stops.push(
    () => server.stop(),
    () => rm(dir, { recursive: true }),
  )
  const write = (user: string, group: string) =>
    writeFile(
      join(dir, `${user}.yaml`),
      kubeconfig({ server: server.url, ca: authority.certificate }, user, authority.issue({ commonName: user, organizations: [group] })),
    )
  await write('admin', 'system:masters')
  await write('viewer', 'viewers')
  file = join(dir, 'admin.yaml')
})
afterAll(async () => {
  for (const stop of stops) await stop()
})

// Each scenario has a namespace of its own, so they run side by side.
describe.concurrent('the Kubernetes API answers as a real control plane did', () => {
  for (const name of scenarios)
    it(name, { timeout: 120_000 }, async () => {
      const { seen, recorded } = await check(name, file)
      expect(seen.filter(({ differences }) => differences.length > 0)).toEqual([])
      expect(seen).toHaveLength(recorded)
    })
})
