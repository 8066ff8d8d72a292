/** The deployment's nodes: the order of the aliases and of the host names does not match (ch17, a known trap), and is not to be repaired. */
export const nodes = [
  { alias: 'hetzner1', address: '178.104.247.152', hostname: 'ubuntu-8gb-nbg1-2' },
  { alias: 'hetzner2', address: '178.105.32.198', hostname: 'ubuntu-8gb-nbg1-1' },
  { alias: 'hetzner3', address: '178.104.249.189', hostname: 'ubuntu-8gb-nbg1-3' },
] as const

export const hosts = {
  pooler: 'ep-floral-truth-amttbc5a-pooler.c-5.us-east-1.aws.neon.tech',
  direct: 'ep-floral-truth-amttbc5a.c-5.us-east-1.aws.neon.tech',
} as const

export const database = { name: 'honeyDue', user: 'neondb_owner', port: 5432 } as const
export const namespace = 'honeydue'
export const k3sVersion = 'v1.34.6+k3s1'
/** Image tags, which are short commit names (ch11): one with AutoMigrate in the api binary (30966c6 tells what it did through the pooler), and the first with goose. */
export const tags = { autoMigrate: 'b67f7f9', goose: '12b2f9d' } as const
/** Gitea's registry, on a machine of its own (ch11), and its images. */
export const registryHost = 'gitea.treytartt.com'
export const imageNames = ['api', 'worker', 'admin', 'web'].map((name) => `admin/honeydue-${name}`)
export const image = (name: string, tag: string = tags.goose): string => `${registryHost}/admin/honeydue-${name}:${tag}`

/** The database's project at Neon, and the branch that its compute runs on. */
export const neonHost = 'console.neon.tech'
export const neon = { project: 'honeydue-sandbox-20260424', branch: 'br-honeydue-sandbox-a1b2c3d4' } as const

/** Where the application hands its mail to (README); who logs in and what is signed with is the sandbox's own. */
export const mailHost = 'smtp.fastmail.com'
export const mail = { user: 'sandbox@mail.invalid', dkim: ['one', 'two'] } as const

/** Apple's push service; which ids the deployment has and under which names is not known: these are the sandbox's own. */
export const apns = {
  host: 'api.push.apple.com',
  topic: 'com.myhoneydue.honeyDue',
  team: 'SANDBOXTEA',
  keyId: 'SANDBOXK01',
  nextKeyId: 'SANDBOXK02',
  keyIdKey: 'SANDBOX_APNS_KEY_ID',
  teamIdKey: 'SANDBOX_APNS_TEAM_ID',
} as const

/** Google's push service. */
export const fcmHost = 'fcm.googleapis.com'

/** Where users' files are kept (ch09); the id of the key is the sandbox's own. */
export const storageHost = 's3.us-east-005.backblazeb2.com'
export const storage = {
  region: 'us-east-005',
  bucket: 'honeyDueProd',
  id: '005sandbox0000000001',
  nextId: '005sandbox0000000002',
} as const

/** What metrics and traces are pushed to, and Grafana (ch15). */
export const observability = { host: 'obs.88oakapps.com', grafana: 'grafana.88oakapps.com' } as const

/** When its cluster was made. */
export const bornAt = '2026-04-24T08:00:00Z'

/** The health endpoint's public name (ch20). */
export const apiHost = 'api.myhoneydue.com'

/** The zone at Cloudflare, and the names that customers use; an A record of each leads to every node (ch13, ch07). */
export const zoneName = 'myhoneydue.com'
export const publicNames = [apiHost, `admin.${zoneName}`, zoneName, `app.${zoneName}`] as const

/** What the CLI and any other client of Cloudflare's API ask. */
export const cloudflareHosts = { api: 'api.cloudflare.com', www: 'www.cloudflare.com' } as const
