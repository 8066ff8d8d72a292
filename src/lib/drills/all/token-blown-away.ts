import { seconds, systemClock } from '../../clock.ts'
import { namespace } from '../../sandbox/deployment/facts.ts'
import { planted } from '../../sandbox/deployment/planted.ts'
import type { Sandbox } from '../../sandbox/sandbox.ts'
import { putSecret, restarted, secretValue } from '../breaks.ts'
import type { Drill } from '../drill.ts'

const [secret, key] = ['honeydue-secrets', 'OBS_INGEST_TOKEN']

const withoutToken = ({ kubernetes, environmentOf }: Sandbox): number =>
  kubernetes.client
    .list({ group: '', resource: 'pods' }, { namespace })
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata }) => environmentOf(metadata.name)?.[key])
    .filter((token) => token === '').length

/** Somebody whose deploy/prod.env lacks the token ran the scripts: the Secret has none, and nothing complains. */
export const drill: Drill = {
  name: 'token-blown-away',
  origin: 'The token for the metrics was blown away',
  source: 'RUNBOOK 9',
  heard: 'A colleague: "Since the deploy from my new laptop Jaeger has no trace of api any more. Customers are well, nothing is red."',
  hints: [
    'Is what the cluster has what its source has? honeydue secrets:status',
    'What is sent, and who refuses it? honeydue observability:status',
    'deploy/prod.env is in no repository: a fresh clone has none, and the scripts take what they find',
  ],
  breaks: async ({ sandbox }) => {
    putSecret(sandbox, secret, key, '')
    await restarted(sandbox, ['api', 'worker'])
    // Its way restarts what is older than a second: that long must have passed.
    await systemClock.sleep(seconds(2))
  },
  over: ({ sandbox }) => {
    const pods = withoutToken(sandbox)
    return [
      {
        what: `The Secret has the ${key} of its source`,
        because: secretValue(sandbox, secret, key) === planted.ingestToken ? undefined : 'it has another value',
      },
      { what: 'Every pod of api and worker began with it', because: pods === 0 ? undefined : `${pods} began without one` },
    ]
  },
  page: 'secrets:status',
  way: () => [['observability:fix-token']],
  again: ['Copy deploy/prod.env to every machine that deploys: git does not keep it (9ea0583).'],
}
