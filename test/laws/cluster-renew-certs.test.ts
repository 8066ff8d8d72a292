import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { ageK3s, ageKubeconfig } from '../../src/lib/drills/breaks.ts'
import { perform } from '../../src/lib/plan/perform.ts'
import { prepare } from '../../src/lib/plan/plan.ts'
import { renewCerts } from '../../src/lib/procedures/cluster/renew-certs.ts'
import { createAuthority } from '../../src/lib/sandbox/certificates.ts'
import { nodes } from '../../src/lib/sandbox/deployment/facts.ts'
import { contextOf } from '../support/context.ts'
import { runOf } from '../support/run-of.ts'
import { useSystems } from '../support/systems-of.ts'
import { useSandbox } from '../support/worlds.ts'
import { laws } from './laws.ts'
import { wholeSubject } from './whole-subject.ts'

const sandbox = useSandbox({ postgres: false })
const { systems, close } = useSystems(sandbox)
const input = { node: undefined }
const state = (alias: string) => sandbox().nodes.node(alias).state
const serving = () => nodes.map(({ alias }) => state(alias).read('k3s-serving'))
const renewed = () => nodes.map(({ alias }) => state(alias).read('k3s-serving') === state(alias).read('renewed/k3s-serving'))
const day = 86_400_000

laws(renewCerts, wholeSubject({ sandbox, systems, close, observe: serving }), [
  { name: 'they end soon', input, arrange: () => ageK3s(sandbox(), 20), meets: 'work' },
  // No member of etcd hears another one any more: the restart is the cure, and the quorum is not asked for.
  { name: 'all have ended', input, arrange: () => ageK3s(sandbox(), -2), meets: 'work' },
  { name: 'one server alone', input: { node: 'hetzner3' }, arrange: () => ageK3s(sandbox(), 20), meets: 'work' },
  { name: 'they last', input, arrange: () => {}, meets: 'nothing to do' },
  {
    name: 'another server is away',
    input: { node: 'hetzner1' },
    arrange: async () => {
      ageK3s(sandbox(), 20)
      await sandbox().nodes.setUp('hetzner3', false)
    },
    refused: /etcd has no quorum while hetzner1 restarts: 2 of 3 voters answer, 2 are needed/,
  },
  {
    name: 'a server is away that is meant',
    input,
    arrange: async () => {
      ageK3s(sandbox(), 20)
      await sandbox().nodes.setUp('hetzner3', false)
    },
    refused: /hetzner3 shows no certificates: /,
  },
  {
    name: 'an authority ends as well',
    input,
    arrange: () => {
      ageK3s(sandbox(), 20)
      const notBefore = new Date(Date.now() - 300 * day)
      const { certificate } = createAuthority('k3s').issue({ commonName: 'k3s-server-ca', notBefore, days: 320 })
      sandbox().nodes.node('hetzner1').put('var/lib/rancher/k3s/server/tls/server-ca.crt', certificate)
    },
    refused: /the authority server\/tls\/server-ca\.crt of hetzner1 expires in \d+ days/,
  },
])

describe('cluster:renew-certs', () => {
  const clock = { now: systemClock.now, sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(Math.min(ms, 50), signal) }

  test('a server that does not come back is the last one that was touched', async () => {
    ageK3s(sandbox(), 20)
    state('hetzner2').write('k3s-fails', '')
    const prepared = await prepare(renewCerts, input, systems(), contextOf(sandbox().environment))
    expect(prepared.plan.blocked).toEqual([])
    const { trouble, states } = await perform(prepared, runOf(systems(), renewCerts.needs, { clock }))
    expect(trouble).toMatchObject({ failed: expect.stringMatching(/k3s of hetzner2 did not start again/) })
    expect(states.slice(0, 2)).toEqual(['done', 'proven'])
    expect(renewed()).toEqual([true, false, false])
  })

  test('a process that goes on with the old one is not told as renewed, whatever stands in its files', async () => {
    ageK3s(sandbox(), 20)
    const old = state('hetzner1').read('k3s-serving')
    const prepared = await prepare(renewCerts, { node: 'hetzner1' }, systems(), contextOf(sandbox().environment))
    const write = systems().nodes.write
    const stale = {
      ...systems(),
      nodes: {
        ...systems().nodes,
        write: {
          ...write,
          restartK3s: async (alias: string) => {
            await write.restartK3s(alias)
            state(alias).write('k3s-serving', old)
          },
        },
      },
    }
    const began = Date.now()
    const soon = { ...clock, now: () => new Date(began + (Date.now() - began) * 200) }
    const { trouble } = await perform(prepared, runOf(stale, renewCerts.needs, { clock: soon }))
    expect(trouble).toMatchObject({ exitCode: 5, failed: expect.stringContaining('certificate at 6443 of hetzner1 ends on') })
  })

  test('says that the kubeconfig is left, where it ends soon as well', async () => {
    const told = async () => (await prepare(renewCerts, input, systems(), contextOf(sandbox().environment))).plan.elsewhere
    expect(await told()).toEqual([])
    await close()
    ageKubeconfig(sandbox(), 355)
    expect(await told()).toEqual([
      expect.stringMatching(/^The kubeconfig here keeps the old certificate, until .*: honeydue kubeconfig:renew$/),
    ])
  })
})
