import { expect, it } from 'vitest'
import { decode } from '../../../src/lib/sandbox/kubernetes/decoding.ts'
import { joined, typeProblems } from '../../../src/lib/sandbox/kubernetes/ownership/typed.ts'
import { strategicMerge } from '../../../src/lib/sandbox/kubernetes/patch/strategic-merge.ts'
import { struct } from '../../../src/lib/sandbox/kubernetes/schema/schema.ts'
import { openapi3 } from '../../../src/lib/sandbox/kubernetes/serving/openapi.ts'

const deployment = struct('Deployment')
const containers = (...items: unknown[]) => ({ spec: { template: { spec: { containers: items } } } })

it('says of a configuration what server-side apply says', () => {
  expect(typeProblems(deployment, containers({ name: 'web', image: 'x', ports: [{ containerPort: 80 }] }))).toEqual([])
  expect(typeProblems(deployment, { spec: { replica: 3, replicas: 'x' } })).toEqual([
    '.spec.replica: field not declared in schema',
    '.spec.replicas: expected numeric (int or float), got string',
  ])
  expect(typeProblems(deployment, containers({ name: 'web', env: [{ name: 'PORT', value: 8080 }] }))).toEqual([
    '.spec.template.spec.containers[name="web"].env[name="PORT"].value: expected string, got &value.valueUnstructured{Value:8080}',
  ])
  expect(typeProblems(deployment, containers({ name: 'a' }, { name: 'a' }))).toEqual([
    '.spec.template.spec.containers: duplicate entries for key [name="a"]',
  ])
  expect(joined(['a', 'b'])).toBe('errors:\n  a\n  b')
})

it('merges a list by its key only where there is one to merge with', () => {
  const live = containers({ name: 'web', image: 'a' })
  expect(strategicMerge(deployment, live, containers({ name: 'web', image: 'b' }, { name: 'log' }))).toEqual(
    containers({ name: 'web', image: 'b' }, { name: 'log' }),
  )
  expect(strategicMerge(deployment, { spec: {} }, containers({ image: 'b' }))).toEqual(containers({ image: 'b' }))
  expect(() => strategicMerge(deployment, live, containers({ image: 'b' }))).toThrow(
    'map: map[image:b] does not contain declared merge key: name',
  )
  expect(() => strategicMerge(deployment, live, containers('web'))).toThrow(
    'list element types are not identical: [[map[image:a name:web]] [web]]',
  )
  expect(() => strategicMerge(deployment, live, containers(['web']))).toThrow('the server rejected our request')
})

it('keeps the empty name of a port that kubectl describe reads', () => {
  expect(decode(struct('EndpointSlice'), { ports: [{ name: '', port: 80 }] }).object['ports']).toEqual([{ name: '', port: 80 }])
  expect(decode(struct('Endpoints'), { subsets: [{ ports: [{ name: '', port: 80 }] }] }).object['subsets']).toEqual([
    { ports: [{ port: 80 }] },
  ])
})

it('describes every field that is not another object, and names the required ones', () => {
  const document = openapi3('apps', 'v1') as {
    components: { schemas: Record<string, { required: string[]; properties?: Record<string, object> }> }
  }
  const spec = document.components.schemas['io.k8s.api.types.v1.DeploymentSpec']
  expect(spec?.required).toEqual(['selector', 'template'])
  expect(spec?.properties?.['replicas']).toMatchObject({ type: 'integer', description: expect.stringContaining('Number of desired pods.') })
  const fields = Object.values(document.components.schemas).flatMap(({ properties = {} }) => Object.values(properties))
  const plain = fields.filter((field) => !('$ref' in field))
  expect(plain.filter((field) => 'description' in field).length / plain.length).toBeGreaterThan(0.95)
})
