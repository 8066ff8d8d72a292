import { resume } from '../../src/lib/procedures/deploy/resume.ts'
import { deploySubject } from './deploy-subject.ts'
import { laws } from './laws.ts'

const { subject, change, sandbox } = deploySubject()
const paused = (name: string) => void change(name, ({ spec }) => void Object.assign(spec as object, { paused: true }))

laws(resume, subject, [
  {
    name: 'a rollout that was stopped before its first pod',
    input: { workload: 'web' },
    arrange: () => paused('web'),
    meets: 'work',
  },
  { name: 'not paused', input: { workload: 'web' }, arrange: () => {}, meets: 'nothing to do' },
  {
    name: 'a migration is running',
    input: { workload: 'web' },
    arrange: () => {
      paused('web')
      sandbox().kubernetes.client.create({
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: { name: 'honeydue-migrate', namespace: 'honeydue' },
        spec: {
          template: {
            metadata: { annotations: { 'honeydue.test/complete-after': '60s' } },
            spec: { restartPolicy: 'Never', containers: [{ name: 'migrate', image: 'x' }] },
          },
        },
      })
    },
    refused: /a migration is running: Job honeydue-migrate/,
  },
])
