import { sh } from '../shell.ts'

/** Where the state is seen that a command is about. */
const reportOf = (id: string): string => {
  const [topic = '', verb = ''] = id.split(':')
  if (/^db:(?:migrate|recover-migration|bootstrap-goose)$/.test(id)) return 'db:migrations'
  if (id === 'db:unlock') return 'db:locks'
  if (topic === 'run' && verb !== 'list') return 'run:list'
  if (topic === 'lock') return 'lock:status'
  if (topic === 'kubeconfig') return 'cluster:certs'
  if (id === 'cluster:renew-certs') return 'cluster:certs'
  if (id === 'cluster:snapshot' || id === 'cluster:restore') return 'cluster:etcd'
  if (id === 'nodes:clean') return 'nodes:disk'
  return topic === 'cluster'
    ? 'cluster:health'
    : /^(?:cache|cert|db|deploy|edge|firewall|mail|nodes|observability|queue|registry|secrets|storage)$/.test(topic)
      ? `${topic}:status`
      : 'doctor'
}

/** Who sees more than a report that failed itself. */
const wider: Readonly<Record<string, string>> = {
  'cluster:health': 'nodes:status',
  ...Object.fromEntries(['nodes', 'mail', 'registry', 'storage'].map((topic) => [`${topic}:status`, 'doctor'])),
  doctor: 'config:explain',
}

/** What to look at when a command says that it cannot go on: its report, and where it is one itself, a wider one. */
export const lookNext = (id: string): string => {
  const report = reportOf(id)
  return sh`honeydue ${report === id ? (wider[id] ?? 'cluster:health') : report}`
}

/** Whether `next` is the very command that has just failed: only one that says why again (`# goes on from here`) may be. */
export const isCircular = (next: string, id: string): boolean => {
  const [line = '', comment] = next.split(/ {2,}#/)
  const words = line.split(' ')
  return comment === undefined && words[0] === 'honeydue' && words[1] === id
}
