import { apnsKey, apnsSecret } from '../../apns-secret.ts'
import type { Environment } from '../../environment/schema.ts'
import { pairFiles } from '../../pair-files.ts'
import type { ValueSource } from '../../systems/checkout/types.ts'
import { originBase, originSecret } from '../cert/places.ts'

const folder = 'deploy-k3s/secrets'
const configFile = 'deploy-k3s/config.yaml'
const file = (name: string): ValueSource => ({ file: `${folder}/${name}`, in: 'file' })
const yaml = (key: string): ValueSource => ({ file: configFile, in: 'yaml', key })

/** The scalars of which the pull secret is made: config.yaml's block registry.*. */
export const registrySources = { username: yaml('registry.username'), password: yaml('registry.password') }

export const pullKey = '.dockerconfigjson'

/** Where the login of the admin panel stands: secret-rotation.md is cut before the key, which the configuration names. */
export const loginSource = ({ basicAuth: { sourceKey } }: Pick<Environment, 'basicAuth'>): ValueSource | undefined =>
  sourceKey === undefined ? undefined : yaml(sourceKey)

/** Where the truth of every key stands, as secret-rotation.md has it; of a key that it does not know, nothing is said. */
export const sourcesOf = ({
  database,
  redis,
}: Pick<Environment, 'database' | 'redis'>): Readonly<Record<string, Readonly<Record<string, ValueSource>>>> => {
  const own = {
    POSTGRES_PASSWORD: file('postgres_password.txt'),
    SECRET_KEY: file('secret_key.txt'),
    EMAIL_HOST_PASSWORD: file('email_host_password.txt'),
    FCM_SERVER_KEY: file('fcm_server_key.txt'),
    OBS_INGEST_TOKEN: { file: 'deploy/prod.env', in: 'env', key: 'OBS_INGEST_TOKEN' } as const,
  }
  const pair = pairFiles(originBase)
  const ofRedis = { [redis.passwordKey]: yaml('redis.password') }
  return {
    [redis.secret]: ofRedis,
    [database.secret]: redis.secret === database.secret ? { ...own, ...ofRedis } : own,
    [apnsSecret]: { [apnsKey]: file(apnsKey) },
    [originSecret]: { 'tls.crt': { file: pair.certificate, in: 'file' }, 'tls.key': { file: pair.key, in: 'file' } },
  }
}

/** As an operator names it: "deploy-k3s/config.yaml redis.password". */
export const shownSource = ({ file, key }: ValueSource): string => (key === undefined ? file : `${file} ${key}`)
