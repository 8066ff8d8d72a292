import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { apnsKey } from '../../src/lib/apns-secret.ts'
import { onlyCredentials } from '../../src/lib/docker-config.ts'
import { lineHas } from '../../src/lib/facts/secrets/basic-auth.ts'
import { lastApplied } from '../../src/lib/notes.ts'
import type { StepState } from '../../src/lib/plan/outcome.ts'
import type { Plan, Prepared } from '../../src/lib/plan/plan.ts'
import { takeBack, undoingOf } from '../../src/lib/plan/undo.ts'
import { apns, namespace, storage } from '../../src/lib/sandbox/deployment/facts.ts'
import { planted } from '../../src/lib/sandbox/deployment/planted.ts'
import type { Sandbox } from '../../src/lib/sandbox/sandbox.ts'
import { Secret } from '../../src/lib/secret.ts'
import type { Name, Systems } from '../../src/lib/systems/systems.ts'
import { readyPods } from './requests.ts'
import { runOf } from './run-of.ts'
import { adminUser, storageNames } from './worlds.ts'

/** A value of the Secret as it is now. */
export const liveValue = ({ kubernetes }: Sandbox, key: string): string => {
  const data = kubernetes.client.get({ group: '', resource: 'secrets' }, 'honeydue-secrets', namespace)?.['data']
  return Buffer.from((data as Readonly<Record<string, string>>)[key] ?? '', 'base64').toString()
}

/** What is left of a key's rotation beside its source: files with their rights. */
const keptFiles = ({ environment }: Sandbox, key: string): readonly string[] =>
  ['new', 'old'].flatMap((name) => {
    const path = join(environment.checkout, 'deploy-k3s/secrets', `${key.toLowerCase()}.${name}`)
    return existsSync(path) ? [`${name} ${(statSync(path).mode & 0o777).toString(8)}`] : []
  })

/** Where the password of PostgreSQL is the same; a new one is another every time. */
export const postgresPassword = async (sandbox: Sandbox) => {
  const { postgres, environment } = sandbox
  const live = liveValue(sandbox, 'POSTGRES_PASSWORD')
  const source = join(environment.checkout, 'deploy-k3s/secrets/postgres_password.txt')
  return {
    first: live === planted.postgresPassword,
    source: existsSync(source) && readFileSync(source, 'utf8') === live,
    accepts: await Promise.all([postgres.accepts(live), postgres.accepts(planted.postgresPassword)]),
    files: keptFiles(sandbox, 'POSTGRES_PASSWORD'),
  }
}

/** Where the password of Redis is the same; a new one is another every time. */
export const redisPassword = (sandbox: Sandbox) => {
  const { redis, environment } = sandbox
  const live = liveValue(sandbox, 'REDIS_PASSWORD')
  const config = readFileSync(join(environment.checkout, 'deploy-k3s/config.yaml'), 'utf8')
  return {
    first: live === planted.redisPassword,
    source: /^redis:\n {2}password: "?(.*?)"?$/m.exec(config)?.[1] === live,
    own: redis.settings.get('requirepass') === live,
    accepts: [redis.accepts(live), redis.accepts(planted.redisPassword)],
    files: keptFiles(sandbox, 'REDIS_PASSWORD'),
  }
}

/** What becomes of a value in the Secret, whose truth is a file of its own and of which pods get a copy when they start. */
const ofOwnFile = (sandbox: Sandbox, key: string, first: string) => {
  const live = liveValue(sandbox, key)
  const source = join(sandbox.environment.checkout, 'deploy-k3s/secrets', `${key.toLowerCase()}.txt`)
  const pods = ['api', 'worker'].flatMap((name) => readyPods(sandbox, name))
  return {
    first: live === first,
    source: existsSync(source) && readFileSync(source, 'utf8') === live,
    pods: pods.length > 0 && pods.every(({ metadata }) => sandbox.environmentOf(metadata.name)?.[key] === live),
    files: keptFiles(sandbox, key),
  }
}

/** Where the password of the mail server is the same. */
export const emailHostPassword = (sandbox: Sandbox) => ({
  ...ofOwnFile(sandbox, 'EMAIL_HOST_PASSWORD', planted.emailHostPassword),
  second: liveValue(sandbox, 'EMAIL_HOST_PASSWORD') === planted.nextEmailPassword,
})

/** Where the key that messages to Android are sent with is the same. */
export const fcmServerKey = (sandbox: Sandbox) => ({
  ...ofOwnFile(sandbox, 'FCM_SERVER_KEY', planted.fcmServerKey),
  second: liveValue(sandbox, 'FCM_SERVER_KEY') === planted.nextFcmServerKey,
})

/** Where the token that metrics and traces are pushed with is the same. */
export const ingestToken = (sandbox: Sandbox) => {
  const live = liveValue(sandbox, 'OBS_INGEST_TOKEN')
  const pods = ['api', 'worker'].flatMap((name) => readyPods(sandbox, name))
  return {
    first: live === planted.ingestToken,
    second: live === planted.nextIngestToken,
    source: readFileSync(join(sandbox.environment.checkout, 'deploy/prod.env'), 'utf8').includes(`OBS_INGEST_TOKEN=${live}\n`),
    pods: pods.length > 0 && pods.every(({ metadata }) => sandbox.environmentOf(metadata.name)?.['OBS_INGEST_TOKEN'] === live),
    files: keptFiles(sandbox, 'OBS_INGEST_TOKEN'),
  }
}

/** Where the key that notifications to Apple are signed with is the same, with its id. */
export const apnsAuthKey = (sandbox: Sandbox) => {
  const { kubernetes, environment } = sandbox
  const data = (resource: string, name: string) =>
    (kubernetes.client.get({ group: '', resource }, name, namespace)?.['data'] ?? {}) as Readonly<Record<string, string>>
  const live = Buffer.from(data('secrets', 'honeydue-apns-key')['apns_auth_key.p8'] ?? '', 'base64').toString()
  const id = data('configmaps', 'honeydue-config')[apns.keyIdKey]
  const pods = ['api', 'worker'].flatMap((name) => readyPods(sandbox, name))
  const file = (name: string) => readFileSync(join(environment.checkout, name), 'utf8')
  return {
    first: live === planted.apnsKey && id === apns.keyId,
    second: live === planted.nextApnsKey && id === apns.nextKeyId,
    source: file('deploy-k3s/secrets/apns_auth_key.p8') === live && file('deploy/prod.env').includes(`${apns.keyIdKey}=${id}\n`),
    pods: pods.length > 0 && pods.every(({ metadata }) => sandbox.environmentOf(metadata.name)?.[apns.keyIdKey] === id),
    files: [apnsKey, 'apns_key_id'].flatMap((name) => keptFiles(sandbox, name)),
  }
}

/** Where the two halves of the storage's key are the same, and whether they open it. */
export const storageKey = (sandbox: Sandbox) => {
  const { kubernetes, environment, storage: bucket } = sandbox
  const data = kubernetes.client.get({ group: '', resource: 'secrets' }, storageNames.secret, namespace)?.['data']
  const value = (name: string) => Buffer.from(((data ?? {}) as Readonly<Record<string, string>>)[name] ?? '', 'base64').toString()
  const [id, key] = [value(storageNames.idKey), value(storageNames.keyKey)]
  const source = readFileSync(join(environment.checkout, 'deploy/prod.env'), 'utf8')
  return {
    first: id === storage.id && key === planted.storageKey,
    second: id === storage.nextId && key === planted.nextStorageKey,
    source: source.includes(`${storageNames.idKey}=${id}\n${storageNames.keyKey}=${key}\n`),
    opens: (bucket.id === id && bucket.key === key) || bucket.beside.get(id) === key,
    files: ['STORAGE_KEY', 'storage_key_id'].flatMap((name) => keptFiles(sandbox, name)),
  }
}

/** Where this machine's token of Cloudflare is the same, and whether it opens anything. */
export const cloudflareApiToken = (sandbox: Sandbox) => {
  const file = join(sandbox.dir, 'cloudflare-token')
  const live = readFileSync(file, 'utf8')
  return {
    first: live === planted.cloudflareToken,
    second: live === planted.nextCloudflareToken,
    mode: (statSync(file).mode & 0o777).toString(8),
    opens: sandbox.cloudflare.state.tokens.has(live),
    files: keptFiles(sandbox, 'CLOUDFLARE_API_TOKEN'),
  }
}

/** Whose line of htpasswd has the live password, and whether Traefik's users are let in with it. */
export const adminBasicAuth = ({ kubernetes, environment }: Sandbox) => {
  const data = kubernetes.client.get({ group: '', resource: 'secrets' }, 'admin-basic-auth', namespace)?.['data']
  const lines = Buffer.from(((data ?? {}) as Readonly<Record<string, string>>)['users'] ?? '', 'base64').toString()
  const has = (password: string) => lineHas(new Secret(lines), adminUser, new Secret(password))
  const source = readFileSync(join(environment.checkout, 'deploy-k3s/config.yaml'), 'utf8')
  return {
    first: has(planted.adminPassword),
    second: has(planted.nextAdminPassword),
    lines: lines.split('\n').filter(Boolean).length,
    source: [planted.adminPassword, planted.nextAdminPassword].map((one) => source.includes(one)),
    files: ['new', 'old'].flatMap((name) => {
      const path = join(environment.checkout, 'deploy-k3s/secrets', `admin-basic-auth.${name}`)
      return existsSync(path) ? [`${name} ${(statSync(path).mode & 0o777).toString(8)}`] : []
    }),
  }
}

/** Where the registry's password is the same, and whether a kubelet would get an image with it. */
export const registryPassword = (sandbox: Sandbox) => {
  const { kubernetes, environment, registry } = sandbox
  const data = kubernetes.client.get({ group: '', resource: 'secrets' }, 'gitea-credentials', namespace)?.['data']
  const config = Buffer.from((data as Readonly<Record<string, string>>)['.dockerconfigjson'] ?? '', 'base64').toString()
  const live =
    onlyCredentials(new Secret(config))
      ?.reveal()
      .replace(/^admin:/, '') ?? ''
  const source = readFileSync(join(environment.checkout, 'deploy-k3s/config.yaml'), 'utf8')
  return {
    first: live === planted.registryPassword,
    second: live === planted.nextRegistryPassword,
    source: new RegExp(`^  password: "?${live}"?$`, 'm').test(source),
    opens: registry.passwords.has(live),
    files: keptFiles(sandbox, 'REGISTRY_PASSWORD'),
  }
}

/** Where the key that the application signs with is the same; a new one is another every time. */
export const secretKey = (sandbox: Sandbox) => ofOwnFile(sandbox, 'SECRET_KEY', planted.secretKey)

/** Each key of honeydue-secrets by which value it has, with what is left of the values before and whether an annotation has any. */
export const syncedSecrets = ({ kubernetes, environment }: Sandbox) => {
  const known = Object.entries(planted)
  const part = (value: string) => known.find(([, one]) => one === value)?.[0] ?? 'another'
  const { metadata, data } = kubernetes.client.get({ group: '', resource: 'secrets' }, 'honeydue-secrets', namespace) ?? {
    metadata: undefined,
    data: {},
  }
  const folder = join(environment.checkout, 'deploy-k3s/secrets')
  return {
    values: Object.entries((data ?? {}) as Readonly<Record<string, string>>).map(
      ([key, value]) => `${key} ${part(Buffer.from(value, 'base64').toString())}`,
    ),
    copy: metadata?.annotations?.[lastApplied] !== undefined,
    sources: readdirSync(folder)
      .filter((name) => /\.(txt|old|new)$/.test(name))
      .map((name) => `${name} ${part(readFileSync(join(folder, name), 'utf8'))} ${(statSync(join(folder, name)).mode & 0o777).toString(8)}`)
      .sort(),
  }
}

/** A rotation taken back under its own tests: what of it could not be. */
export const takenBack = async <N extends Name>(
  { prepared, states }: { readonly prepared: Prepared<N>; readonly states: readonly StepState[] },
  systems: Pick<Systems, N>,
  needs: readonly N[],
  replan: () => Promise<Plan>,
) => {
  const undoing = undoingOf({ prepared, states, run: { systems, needs }, replan })
  return (await takeBack(undoing, runOf(systems, needs))).left
}
