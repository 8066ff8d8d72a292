import { resume } from '../../src/lib/procedures/queue/resume.ts'
import { laws } from './laws.ts'
import { queueSubject } from './queue-subject.ts'

const { subject, server } = queueSubject()
const since = () => server().store.set('asynq:{default}:paused', '1700000000')

laws(resume, subject, [
  { name: 'paused by somebody', input: { queue: 'default' }, arrange: since, meets: 'work' },
  { name: 'worked on', input: { queue: 'default' }, arrange: () => {}, meets: 'nothing to do' },
  { name: 'no such queue', input: { queue: 'critical' }, arrange: () => {}, refused: /there is no queue critical: there is default/ },
])
