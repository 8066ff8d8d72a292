import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { systemClock } from '../../../src/lib/clock.ts'
import { loadEnvironment } from '../../../src/lib/environment/load.ts'
import { rotatedNames } from '../../../src/lib/facts/secrets/rotated-names.ts'
import { prepare } from '../../../src/lib/plan/plan.ts'
import { rotate } from '../../../src/lib/procedures/secrets/rotate.ts'
import { namespace } from '../../../src/lib/sandbox/deployment/facts.ts'
import { openSystems } from '../../../src/lib/systems/open.ts'
import { type Case, type CaseName, caseOf } from '../../runs/cases.ts'
import { contextOf } from '../../support/context.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox()
const group = 'rbac.authorization.k8s.io'

/** Whoever has viewer.kubeconfig may do all that an operator does in the namespace, but write Secrets. */
const allButSecrets = () => {
  const { client } = sandbox().kubernetes
  const rule = (apiGroups: readonly string[], resources: readonly string[], verbs: readonly string[]) => ({ apiGroups, resources, verbs })
  const name = 'all-but-secrets'
  client.create({
    apiVersion: `${group}/v1`,
    kind: 'ClusterRole',
    metadata: { name },
    rules: [
      rule(['*'], ['*'], ['get', 'list', 'watch']),
      rule(['', 'apps', 'coordination.k8s.io'], ['configmaps', 'deployments', 'leases', 'pods/portforward', 'events'], ['*']),
    ],
  })
  client.create({
    apiVersion: `${group}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name },
    subjects: [{ apiGroup: group, kind: 'Group', name: 'viewers' }],
    roleRef: { apiGroup: group, kind: 'ClusterRole', name },
  })
}

/** The environment of the case, with the kubeconfig of whoever that is. */
const environmentOf = ({ settings }: Case) => {
  const { dir } = sandbox()
  const file = join(dir, 'without-right.yaml')
  const given = parse(stringify(sandbox().environment)) as object
  writeFileSync(file, stringify({ ...given, ...settings, kubeconfig: join(dir, 'viewer.kubeconfig') }))
  return loadEnvironment({ asked: file, env: {}, sandbox: () => undefined }).environment
}

const inCluster = rotatedNames.filter((name) => name !== 'CLOUDFLARE_API_TOKEN')

test.each(inCluster)('%s: who may not write Secrets is refused by the plan, and nothing was begun', async (name) => {
  const id = (name === 'REDIS_PASSWORD' ? 'secrets:rotate' : `secrets:rotate ${name}`) as CaseName
  const one = caseOf(id)
  const values = (await one.world?.(sandbox())) ?? {}
  allButSecrets()
  const before = JSON.stringify(await one.end(sandbox()))
  const environment = environmentOf(one)
  const systems = openSystems(environment, systemClock, new AbortController().signal)
  try {
    const { FILE: from } = values
    const input = { name, from, soak: 0, 'keep-old': false, 'newer-than': 86_400_000 }
    const { plan } = await prepare(rotate, input, systems, contextOf(environment))
    expect(plan.blocked).toEqual([
      expect.stringMatching(
        new RegExp(`^Secret ${namespace}/[a-z-]+: https://\\S+ answered 403 to PATCH .* cannot patch resource "secrets"`),
      ),
    ])
  } finally {
    await systems.close()
  }
  expect(JSON.stringify(await one.end(sandbox()))).toBe(before)
})
