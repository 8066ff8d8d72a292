import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { apnsKey } from '../../src/lib/apns-secret.ts'
import { perform } from '../../src/lib/plan/perform.ts'
import { prepare } from '../../src/lib/plan/plan.ts'
import { rotate } from '../../src/lib/procedures/secrets/rotate.ts'
import { apns } from '../../src/lib/sandbox/deployment/facts.ts'
import { planted } from '../../src/lib/sandbox/deployment/planted.ts'
import { contextOf } from '../support/context.ts'
import { apnsAuthKey, emailHostPassword, fcmServerKey, ingestToken, secretKey } from '../support/rotation.ts'
import { runOf } from '../support/run-of.ts'
import { useSystems } from '../support/systems-of.ts'
import { secondApnsKey, secondFcmKey, secondIngestToken, secondMailPassword, useSandbox } from '../support/worlds.ts'
import { laws } from './laws.ts'
import { wholeSubject } from './whole-subject.ts'

const sandbox = useSandbox()
const { systems, close } = useSystems(sandbox)
const input = { name: 'EMAIL_HOST_PASSWORD', from: undefined, soak: 0, 'keep-old': false, 'newer-than': 86_400_000 }
const file = (name: string) => join(sandbox().environment.checkout, 'deploy-k3s/secrets', name)
const given = () => ({ ...input, from: join(sandbox().dir, 'new-mail-password') })

/** The old one was revoked at once: it is in wrong hands. */
const revoked = () => {
  secondMailPassword(sandbox())
  sandbox().mail.password = planted.nextEmailPassword
}

const already = async () => {
  revoked()
  const prepared = await prepare(rotate, given(), systems(), contextOf(sandbox().environment))
  const { trouble } = await perform(prepared, runOf(systems(), rotate.needs))
  if (trouble) throw trouble
}

const observe = () => ({
  mail: emailHostPassword(sandbox()),
  key: secretKey(sandbox()),
  token: ingestToken(sandbox()),
  apns: apnsAuthKey(sandbox()),
  fcm: fcmServerKey(sandbox()),
})

laws(rotate, wholeSubject({ sandbox, systems, close, observe }), [
  { name: 'a mail password, the old one revoked', input: given, arrange: revoked, meets: 'work', long: true },
  { name: 'a mail password that is in use already', input, arrange: already, meets: 'nothing to do' },
  {
    name: 'a mail password that nobody takes',
    input: given,
    arrange: () => {
      secondMailPassword(sandbox())
      sandbox().mail.beside.clear()
    },
    refused: /smtp.fastmail.com refuses the new EMAIL_HOST_PASSWORD: 535/,
  },
  {
    name: 'no file that is the source of the mail password',
    input: given,
    arrange: () => {
      revoked()
      rmSync(file('email_host_password.txt'))
    },
    refused: /email_host_password.txt, the source of EMAIL_HOST_PASSWORD, is not there/,
  },
  {
    name: 'a token for metrics, the old one revoked',
    input: () => ({ ...input, name: 'OBS_INGEST_TOKEN', from: join(sandbox().dir, 'new-ingest-token') }),
    arrange: () => {
      secondIngestToken(sandbox())
      sandbox().observability.token = planted.nextIngestToken
    },
    meets: 'work',
    long: true,
  },
  {
    name: 'a token for metrics that nginx does not know',
    input: () => ({ ...input, name: 'OBS_INGEST_TOKEN', from: join(sandbox().dir, 'new-ingest-token') }),
    arrange: () => {
      secondIngestToken(sandbox())
      sandbox().observability.beside.clear()
    },
    refused: /obs.88oakapps.com refuses the new OBS_INGEST_TOKEN: it answered 401/,
  },
  {
    name: 'no source of the token for metrics',
    input: () => ({ ...input, name: 'OBS_INGEST_TOKEN', from: join(sandbox().dir, 'new-ingest-token') }),
    arrange: () => {
      secondIngestToken(sandbox())
      writeFileSync(join(sandbox().environment.checkout, 'deploy/prod.env'), 'DEBUG=false\n')
    },
    refused: /prod.env OBS_INGEST_TOKEN, the source of OBS_INGEST_TOKEN, is not there/,
  },
  {
    name: 'a key of Apple, the old one revoked',
    input: () => ({ ...input, name: apnsKey, from: join(sandbox().dir, `AuthKey_${apns.nextKeyId}.p8`) }),
    arrange: () => {
      secondApnsKey(sandbox())
      sandbox().apns.keys.delete(apns.keyId)
    },
    meets: 'work',
    long: true,
  },
  {
    name: 'a key that Apple has not made',
    input: () => ({ ...input, name: apnsKey, from: join(sandbox().dir, `AuthKey_${apns.nextKeyId}.p8`) }),
    arrange: () => {
      secondApnsKey(sandbox())
      sandbox().apns.keys.delete(apns.nextKeyId)
    },
    refused: /api.push.apple.com refuses the new apns_auth_key.p8: it answered InvalidProviderToken/,
  },
  {
    name: 'no place that the next deploy takes the id of the key from',
    input: () => ({ ...input, name: apnsKey, from: join(sandbox().dir, `AuthKey_${apns.nextKeyId}.p8`) }),
    arrange: () => {
      secondApnsKey(sandbox())
      writeFileSync(join(sandbox().environment.checkout, 'deploy/prod.env'), 'DEBUG=false\n')
    },
    refused: /where the next deploy takes SANDBOX_APNS_KEY_ID from is not known/,
  },
  {
    name: 'a key for Android, of which nobody can be asked',
    input: () => ({ ...input, name: 'FCM_SERVER_KEY', from: secondFcmKey(sandbox()) }),
    arrange: () => {},
    meets: 'work',
    long: true,
  },
  {
    name: 'no source of the key for Android',
    input: () => ({ ...input, name: 'FCM_SERVER_KEY', from: secondFcmKey(sandbox()) }),
    arrange: () => rmSync(file('fcm_server_key.txt')),
    refused: /fcm_server_key.txt, the source of FCM_SERVER_KEY, is not there/,
  },
  { name: 'the key that sessions are signed with', input: { ...input, name: 'SECRET_KEY' }, arrange: () => {}, meets: 'work', long: true },
  {
    name: 'the key, stopped once both values were on the disk',
    input: { ...input, name: 'SECRET_KEY' },
    arrange: () => {
      writeFileSync(file('secret_key.old'), planted.secretKey, { mode: 0o600 })
      writeFileSync(file('secret_key.new'), 'hfrom-the-run-before', { mode: 0o600 })
    },
    meets: 'work',
  },
])
