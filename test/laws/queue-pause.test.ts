import { pause } from '../../src/lib/procedures/queue/pause.ts'
import { laws } from './laws.ts'
import { queueSubject } from './queue-subject.ts'

const { subject, server } = queueSubject()
const since = () => server().store.set('asynq:{default}:paused', '1700000000')

laws(pause, subject, [
  { name: 'worked on', input: { queue: 'default' }, arrange: () => {}, meets: 'work' },
  { name: 'paused by somebody', input: { queue: 'default' }, arrange: since, meets: 'nothing to do' },
  { name: 'no such queue', input: { queue: 'critical' }, arrange: () => {}, refused: /there is no queue critical: there is default/ },
  {
    name: 'a read-only replica',
    input: { queue: 'default' },
    arrange: () => server().fail({ kind: 'read-only' }),
    refused: /is a read-only replica/,
  },
])
