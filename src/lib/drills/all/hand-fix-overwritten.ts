import { hosts } from '../../sandbox/deployment/facts.ts'
import { configOf, putConfig, restart } from '../breaks.ts'
import type { Drill } from '../drill.ts'

/** The pooler is away, somebody switched with kubectl alone, and the next deploy made the ConfigMap from config.yaml again. */
export const drill: Drill = {
  name: 'hand-fix-overwritten',
  origin: '03-deploy.sh made the ConfigMap from config.yaml again, and what had been patched by hand was gone',
  source: 'chapter 14',
  heard:
    'Support: "This morning it was repaired within minutes, and since the deploy at noon it is back: nothing is saved." A colleague: "My deploy hangs."',
  hints: [
    'Does what the ConfigMap says still answer? honeydue db:status',
    'What is changed in the cluster alone is undone by the next deploy: the file of the checkout has to say the same',
  ],
  breaks: ({ sandbox }) => {
    sandbox.postgres.behave('pooler', { answer: 'silence' })
    putConfig(sandbox, { DB_HOST: hosts.pooler })
    restart(sandbox, 'api')
  },
  over: ({ sandbox }) => {
    const host = configOf(sandbox)['DB_HOST']
    return [
      {
        what: 'The application is told of the endpoint that answers',
        because: host === hosts.direct ? undefined : `DB_HOST is ${host}`,
      },
    ]
  },
  leaves: ['DB_HOST in the ConfigMap', 'host in config.yaml'],
  page: 'db:switch-host',
  way: () => [['db:switch-host', '--to', 'direct']],
  again: [
    '`honeydue db:switch-host` writes deploy-k3s/config.yaml as well: a patch with kubectl does not, and the next deploy takes it away.',
  ],
}
