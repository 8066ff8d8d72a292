import { resolve } from 'node:path'
import { apnsKey } from '../../apns-secret.ts'
import { isRotated, type RotatedName, rotatedNames } from '../../facts/secrets/rotated-names.ts'
import { shownSource } from '../../facts/secrets/sources.ts'
import { argument, duration, optionalText, toggle } from '../../plan/choice.ts'
import { defineProcedure } from '../../plan/procedure.ts'
import { adminBasicAuth } from './admin-basic-auth.ts'
import { apnsAuthKey } from './apns-auth-key.ts'
import { cloudflareApiToken } from './cloudflare-api-token.ts'
import { emailHostPassword } from './email-host-password.ts'
import { fcmServerKey } from './fcm-server-key.ts'
import { type Rotating, type Rotation, rotating } from './kinds.ts'
import { obsIngestToken } from './obs-ingest-token.ts'
import { postgresPassword } from './postgres-password.ts'
import { redisPassword } from './redis-password.ts'
import { registryPassword } from './registry-password.ts'
import { wantsValue } from './rotation-facts.ts'
import { secretKey } from './secret-key.ts'
import { storageKey } from './storage-key.ts'

type Systems = 'checkout' | 'kube' | 'redis' | 'postgres' | 'mail' | 'registry' | 'metrics' | 'apns' | 'storage' | 'cloudflare' | 'http'

const kinds = {
  REDIS_PASSWORD: rotating(redisPassword),
  POSTGRES_PASSWORD: rotating(postgresPassword),
  SECRET_KEY: rotating(secretKey),
  EMAIL_HOST_PASSWORD: rotating(emailHostPassword),
  REGISTRY_PASSWORD: rotating(registryPassword),
  OBS_INGEST_TOKEN: rotating(obsIngestToken),
  [apnsKey]: rotating(apnsAuthKey),
  FCM_SERVER_KEY: rotating(fcmServerKey),
  STORAGE_KEY: rotating(storageKey),
  CLOUDFLARE_API_TOKEN: rotating(cloudflareApiToken),
  'admin-basic-auth': rotating(adminBasicAuth),
} as const satisfies Readonly<Record<RotatedName, Rotating<Systems>>>

/** A new value by the order of secret-rotation.md, without a request that is turned away: whoever checks it takes both while its users change over. */
export const rotate = defineProcedure({
  id: 'secrets:rotate',
  title: 'Replace a secret, and end the old one',
  needs: ['checkout', 'kube', 'redis', 'postgres', 'mail', 'registry', 'metrics', 'apns', 'storage', 'cloudflare', 'http'],
  choices: {
    name: argument({
      about: `which secret: ${rotatedNames.join(', ')}`,
      ask: 'Which secret?',
      refuse: (value) => (isRotated(value) ? undefined : `these can be rotated: ${rotatedNames.join(', ')}`),
    }),
    from: optionalText({ about: 'a file with the new value; without it, one is made' }),
    soak: duration({ about: 'how long both are accepted before the old one goes', default: '10m' }),
    'keep-old': toggle({ about: 'stop before the old one goes' }),
    'newer-than': duration({ about: 'a value that was rotated less long ago is the new one: go on with it', default: '24h' }),
  },
  hidden: async (input, look, context) => {
    const wanted = isRotated(input.name) ? await kinds[input.name].wants?.(context.environment, look) : undefined
    if (!wanted || !(await wantsValue(wanted, { from: input.from, newerThan: input['newer-than'] }, look, context))) return undefined
    if (wanted.path)
      return `The path of a file with the new ${wanted.called ?? wanted.key}, made at ${wanted.madeAt}; what is typed is not shown:`
    return `The new ${wanted.called ?? wanted.key}, made at ${wanted.madeAt}; it is not shown:`
  },
  // Everything but the end of the old one can be taken back.
  risk: (input) => (input['keep-old'] ? 'disruptive' : 'irreversible'),
  gather: async (input, look, context) => {
    const name = isRotated(input.name) ? input.name : 'REDIS_PASSWORD'
    const wish = {
      from: input.from,
      typed: context.typed,
      soak: input.soak,
      keepOld: input['keep-old'],
      newerThan: input['newer-than'],
    }
    const rotation: Rotation<Systems> = await kinds[name].begin(wish, look, context)
    return { name, ...rotation }
  },
  subject: ({ name }) => name,
  target: ({ of, target }) => [
    of.live.shown,
    ...(of.source ? [`its source ${resolve(of.folder, shownSource(of.source))}`] : []),
    ...target,
  ],
  beyond: ({ of, beyond }) => [
    ...beyond,
    ...(of.source ? [`Other machines with a copy of ${of.source.file} keep the old value: copy the new one there`] : []),
  ],
  steps: ({ steps }) => steps(),
})
