import { pause } from '../../src/lib/procedures/deploy/pause.ts'
import { deploySubject } from './deploy-subject.ts'
import { laws } from './laws.ts'

const { subject, change } = deploySubject()
const paused = (name: string) => void change(name, ({ spec }) => void Object.assign(spec as object, { paused: true }))

laws(pause, subject, [
  { name: 'healthy', input: { workload: 'api' }, arrange: () => {}, meets: 'work' },
  { name: 'already so', input: { workload: 'api' }, arrange: () => paused('api'), meets: 'nothing to do' },
  {
    name: 'a rollout that stops its pods first',
    input: { workload: 'admin' },
    arrange: () =>
      void change('admin', ({ spec }) => {
        const { template } = spec as { template: { metadata: { annotations?: Record<string, string> } } }
        template.metadata.annotations = { 'honeydue.test/never-ready': 'true' }
        Object.assign(spec as object, { strategy: { type: 'Recreate' } })
      }),
    refused: /admin stops its pods before new ones start/,
  },
])
