import { namespace } from '../../sandbox/deployment/facts.ts'
import { putConfig, restarted } from '../breaks.ts'
import type { Drill } from '../drill.ts'

const right = 'com.myhoneydue.honeyDue'

/** A name of Apple's in the environment file, typed otherwise than Apple has it. */
export const drill: Drill = {
  name: 'wrong-apns-topic',
  origin: "The name of the app for Apple's push was wrong, in a file that git does not keep",
  source: 'commit 9ea0583',
  heard: 'A customer: "My phone shows no reminder any more. The app is all right when I open it." Mails still arrive.',
  hints: ['What does Apple say to it? honeydue push:status', `Apple takes a push for the topic that it knows: ${right}`],
  breaks: async ({ sandbox }) => {
    putConfig(sandbox, { APNS_TOPIC: 'com.myhoneydue.honeydue' })
    await restarted(sandbox, ['api', 'worker'])
  },
  over: ({ sandbox }) => {
    const old = sandbox.kubernetes.client
      .list({ group: '', resource: 'pods' }, { namespace })
      .filter(({ metadata }) => ['api', 'worker'].includes(metadata.labels?.['app.kubernetes.io/name'] ?? ''))
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .filter(({ metadata }) => ![undefined, right].includes(sandbox.environmentOf(metadata.name)?.['APNS_TOPIC']))
    return [
      {
        what: 'Every pod of api and worker began with the right topic',
        because: old.length === 0 ? undefined : `${old.length} began with another one`,
      },
    ]
  },
  page: 'push:status',
  way: () => [['config:set', `APNS_TOPIC=${right}`]],
  again: [
    'deploy/prod.env is in no repository: whoever deploys has a copy of his own (9ea0583). Compare before a deploy: `honeydue config:diff`.',
  ],
}
