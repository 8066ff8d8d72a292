import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import type { Environment } from '../../../src/lib/environment/schema.ts'
import { clusterCerts } from '../../../src/lib/reports/cluster/certs.ts'
import { createAuthority } from '../../../src/lib/sandbox/certificates.ts'
import { kubeconfig } from '../../../src/lib/sandbox/kubeconfig.ts'
import { openSystems } from '../../../src/lib/systems/open.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox()
const day = 86_400_000
const authority = createAuthority('k3s')
const ending = (days: number) =>
  authority.issue({ commonName: 'system:admin', notBefore: new Date(Date.now() - 400 * day), days: 400 + days })

const look = async (over: Partial<Environment> = {}) => {
  const signal = new AbortController().signal
  const environment = { ...sandbox().environment, ...over }
  const systems = openSystems(environment, systemClock, signal)
  try {
    return await clusterCerts.look({}, { nodes: systems.nodes.read, kube: systems.kube.read }, { environment, clock: systemClock, signal })
  } finally {
    await systems.close()
  }
}
const files = 'var/lib/rancher/k3s/server/tls'
/** A kubeconfig of its own, whose server is none. */
const of = (days: number): Partial<Environment> => {
  const path = join(sandbox().dir, `ends-${days}.kubeconfig`)
  writeFileSync(path, kubeconfig({ server: 'https://127.0.0.1:1', ca: authority.certificate }, 'admin', ending(days)))
  return { kubeconfig: [path] }
}

describe('cluster:certs', () => {
  test('each node with what ends first and its authorities, and the kubeconfig; nothing to tell where all is well', async () => {
    const { findings, tables, unreachable } = await look()
    expect(findings).toEqual([])
    expect(unreachable).toBe(false)
    expect(tables[0]?.rows.map(([where, what, , , of]) => [where, what, of])).toEqual([
      ...['hetzner1', 'hetzner2', 'hetzner3'].flatMap((alias) => [
        [alias, 'server/tls/client-controller.crt', '7'],
        [alias, 'server/tls/server-ca.crt', '1'],
      ]),
      ['kubeconfig', 'honeydue-sandbox', '1'],
    ])
  })

  test.each([
    [12, 'wrong', /^server\/tls\/serving-kube-apiserver\.crt of hetzner2 expires in 1[12] days: a start of k3s renews them$/],
    [100, 'warning', /^server\/tls\/serving-kube-apiserver\.crt of hetzner2 expires in (99|100) days: /],
    [-3, 'wrong', /^server\/tls\/serving-kube-apiserver\.crt of hetzner2 expired 3 days ago: /],
  ])('a certificate of a node that ends in %i days is %s', async (days, level, text) => {
    sandbox().nodes.node('hetzner2').put(`${files}/serving-kube-apiserver.crt`, ending(days).certificate)
    const { findings } = await look()
    expect(findings).toEqual([{ level, text: expect.stringMatching(text), next: 'honeydue cluster:renew-certs hetzner2 --dry-run' }])
  })

  test('an authority that ends is told apart: no start renews it', async () => {
    sandbox().nodes.node('hetzner1').put(`${files}/server-ca.crt`, ending(200).certificate)
    expect((await look()).findings).toEqual([
      expect.objectContaining({
        level: 'warning',
        text: expect.stringMatching(/^The authority server\/tls\/server-ca\.crt of hetzner1 expires in/),
      }),
    ])
  })

  test('an expired kubeconfig is read, with no API server anywhere, and a node that has a later one named', async () => {
    const { findings } = await look(of(-2))
    expect(findings).toEqual([
      expect.objectContaining({
        level: 'wrong',
        text: expect.stringMatching(/^The certificate in .*ends--2\.kubeconfig expired 2 days ago; hetzner1 has a later one$/),
      }),
    ])
  })

  test('a node that is silent costs its own line', async () => {
    await sandbox().nodes.setUp('hetzner3', false)
    const { findings, tables } = await look()
    expect(findings).toEqual([
      expect.objectContaining({ level: 'wrong', text: expect.stringMatching(/^No answer from hetzner3 over SSH: /) }),
    ])
    expect(tables[0]?.rows.filter(([where]) => where === 'hetzner3')).toEqual([['hetzner3', 'not read', '', '', '']])
  })
})
