import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { lackedByRight, lackedOf, readingRights, rightsOf, rightWords } from '../../../src/lib/facts/cluster/rights.ts'
import type { KubeWriter } from '../../../src/lib/systems/kube/types.ts'

const folder = fileURLToPath(new URL('../../../src/lib/procedures/', import.meta.url))

/** Every file that a procedure is made of. */
const filesOf = (file: string, seen = new Set<string>()): ReadonlySet<string> => {
  if (seen.has(file)) return seen
  seen.add(file)
  for (const [, target = ''] of readFileSync(file, 'utf8').matchAll(/from '(\.[^']+)'/g)) {
    const path = normalize(join(dirname(file), target))
    if (path.startsWith(folder)) filesOf(path, seen)
  }
  return seen
}

/** What each call of the writer asks of the API. */
const asks: Readonly<Record<keyof KubeWriter, readonly string[]>> = {
  setConfigMapValue: ['patch configmaps'],
  addConfigMapValue: ['patch configmaps'],
  removeConfigMapValue: ['patch configmaps'],
  restart: ['patch deployments.apps'],
  scale: ['patch deployments.apps'],
  setImage: ['patch deployments.apps'],
  setTemplate: ['patch deployments.apps'],
  setPaused: ['patch deployments.apps'],
  runJob: ['create jobs.batch'],
  removePod: ['delete pods'],
  removeJob: ['delete jobs.batch'],
  // On demand alone, where there is one.
  removeAutoscaler: [],
  createClaim: ['create persistentvolumeclaims'],
  // Of whatever kind a manifest is.
  createObject: [],
  changeObject: [],
  removeObject: [],
  setUnschedulable: ['patch nodes'],
  removeNode: ['delete nodes'],
  markNode: ['patch nodes'],
  setSecretValue: ['patch secrets'],
  setSecretValues: ['patch secrets'],
  drain: ['create pods/eviction', 'patch deployments.apps'],
  // Of a node in a reboot, of a Secret in a rotation.
  annotate: [],
  replaceTlsSecret: ['patch secrets'],
}

test('every write of a procedure to the cluster has its right in the table', () => {
  const missing = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => {
      const [, id] = /defineProcedure\(\{\s+id: '([a-z:-]+)'/.exec(readFileSync(join(folder, file), 'utf8')) ?? []
      if (id === undefined) return []
      const text = [...filesOf(join(folder, file))].map((one) => readFileSync(one, 'utf8')).join('\n')
      const has = (rightsOf[id] ?? []).map(rightWords)
      const wanted = Object.entries(asks).flatMap(([call, rights]) => (text.includes(`kube.${call}(`) ? rights : []))
      // It shares a file with the drain, and evicts nothing.
      if (id === 'nodes:uncordon') return has.includes('patch nodes') ? [] : [id]
      return wanted.filter((right) => !has.includes(right)).map((right) => `${id}: ${right}`)
    })
  expect(missing, 'what rightsOf in src/lib/facts/cluster/rights.ts is to say of them').toEqual([])
  expect(Object.keys(rightsOf).length).toBeGreaterThan(20)
})

const rule = (verbs: readonly string[], groups: readonly string[], resources: readonly string[], names: readonly string[] = []) => ({
  verbs,
  groups,
  resources,
  names,
})

test('an administrator lacks nothing; a right for one name alone is none for all; who lacks what is told by right', () => {
  expect(lackedByRight({ rules: [rule(['*'], ['*'], ['*'])], whole: true })).toEqual([])
  const named = { rules: [rule(['get', 'list'], ['', 'apps'], ['*']), rule(['patch'], ['apps'], ['deployments'], ['api'])], whole: true }
  expect(lackedOf(named, readingRights)).toEqual([])
  const lacked = Object.fromEntries(lackedByRight(named).map(({ right, procedures }) => [rightWords(right), procedures]))
  expect(lacked['patch deployments.apps']).toContain('deploy:restart')
  expect(lacked['patch leases.coordination.k8s.io']).toHaveLength(Object.keys(rightsOf).length)
  const evicts = { rules: [rule(['create'], [''], ['*/eviction'])], whole: true }
  expect(lackedByRight(evicts).map(({ right }) => rightWords(right))).not.toContain('create pods/eviction')
})
