import { hosts } from '../../sandbox/deployment/facts.ts'
import type { Drill } from '../drill.ts'

/** The pooler of the database does not answer, its direct endpoint does. */
export const drill: Drill = {
  name: 'pooler-away',
  origin: "Neon's pooler did not answer; the direct endpoint did",
  source: 'chapter 16; commit c9ac273',
  heard: 'Support: "Customers say that nothing is saved any more. The app shows its pages, and then an error."',
  hints: ['Both endpoints of the database, asked by themselves: honeydue db:status', 'ch17 has a section for it: §25'],
  breaks: ({ sandbox }) => sandbox.postgres.behave('pooler', { answer: 'silence' }),
  over: ({ sandbox }) => {
    const config = sandbox.kubernetes.client.get({ group: '', resource: 'configmaps' }, 'honeydue-config', 'honeydue')?.['data'] as
      | Readonly<Record<string, string>>
      | undefined
    return [
      {
        what: 'The application is told of the endpoint that answers',
        because: config?.['DB_HOST'] === hosts.direct ? undefined : `DB_HOST is ${config?.['DB_HOST']}`,
      },
    ]
  },
  leaves: ['DB_HOST in the ConfigMap', 'host in config.yaml'],
  page: 'db:switch-host',
  way: () => [['db:switch-host', '--to', 'direct']],
}
