import type * as z from 'zod/mini'
import type { environmentSchema } from './schema.ts'

/** The deployment of the book; where chapters contradict each other, both values stand here or the live system is asked. */
export const production: z.input<typeof environmentSchema> = {
  name: 'production',
  readonly: false,
  // README and ch17's header name the first, ch14, ch16 and §25 the second.
  kubeconfig: ['~/.kube/honeydue-k3s.yaml', '~/.kube/honeydue.yaml'],
  namespace: 'honeydue',
  lease: { name: 'honeydue-operators', seconds: 30 },
  // The order of the suffixes does not match: a known trap (ch01).
  nodes: [
    { alias: 'hetzner1', address: '178.104.247.152', hostname: 'ubuntu-8gb-nbg1-2', ipv6: '2a01:4f8:1c18:79c7::1' },
    { alias: 'hetzner2', address: '178.105.32.198', hostname: 'ubuntu-8gb-nbg1-1', ipv6: '2a01:4f8:1c18:5ecf::1' },
    { alias: 'hetzner3', address: '178.104.249.189', hostname: 'ubuntu-8gb-nbg1-3', ipv6: '2a01:4f8:1c18:241a::1' },
  ],
  ssh: {},
  // Where k3s' own installer fetches them.
  k3s: { releases: 'https://github.com/k3s-io/k3s/releases/download' },
  checkout: '~/Desktop/code/honeyDue/honeyDueAPI-go',
  database: {
    pooler: 'ep-floral-truth-amttbc5a-pooler.c-5.us-east-1.aws.neon.tech',
    direct: 'ep-floral-truth-amttbc5a.c-5.us-east-1.aws.neon.tech',
    port: 5432,
    user: 'neondb_owner',
    name: 'honeyDue',
    configMap: 'honeydue-config',
    secret: 'honeydue-secrets',
  },
  redis: { deployment: 'redis', port: 6379, secret: 'honeydue-secrets', passwordKey: 'REDIS_PASSWORD' },
  // ch07; the worker's scheduler enqueues every job once for each replica (6f303db).
  workloads: {
    api: { replicas: 3 },
    admin: { replicas: 1 },
    web: { replicas: 3 },
    worker: { replicas: 1, singleton: true },
    redis: { replicas: 1 },
  },
  health: 'https://api.myhoneydue.com/api/health/',
  // The book names none.
  status_pages: {},
  // ch18's prices are in no source that was found.
  cost: {},
  notify: {},
  hostaddr: {},
  warmup: { pings: 20 },
  // ch13 shows records of the first three; app is the customers' own, by ch07@7e77e3b.
  cloudflare: {
    zone: 'myhoneydue.com',
    names: ['api.myhoneydue.com', 'admin.myhoneydue.com', 'myhoneydue.com', 'app.myhoneydue.com'],
  },
  // The book names neither the login nor the sender (README: Fastmail).
  mail: { host: 'smtp.fastmail.com', port: 587, secret: 'honeydue-secrets', passwordKey: 'EMAIL_HOST_PASSWORD' },
  // 9ea0583 names the topic; under which names the ids of Apple's key and team stand, no source says.
  apns: { host: 'api.push.apple.com', topicKey: 'APNS_TOPIC', topic: 'com.myhoneydue.honeyDue' },
  fcm: { host: 'fcm.googleapis.com', secret: 'honeydue-secrets', key: 'FCM_SERVER_KEY' },
  // ch20 names the Secret; of its source, secret-rotation.md has config.yaml, and is cut before the key.
  basicAuth: { secret: 'admin-basic-auth' },
  // ch11: one token, of which no source says what it may do.
  registry: {},
  // ch09; under which names the key stands, no source says.
  storage: {
    endpoint: 's3.us-east-005.backblazeb2.com',
    region: 'us-east-005',
    bucket: 'honeyDueProd',
    prefix: 'uploads/',
    secret: 'honeydue-secrets',
  },
  // ch15, RUNBOOK 9; 8429 is vmagent's own port. Where the store and Jaeger are asked, no source says.
  observability: {
    write: 'https://obs.88oakapps.com/api/v1/write',
    secret: 'honeydue-secrets',
    tokenKey: 'OBS_INGEST_TOKEN',
    agent: 'vmagent',
    agentPort: 8429,
    service: 'api',
    traced: ['honeydue-api', 'honeydue-worker'],
    grafana: 'https://grafana.88oakapps.com',
  },
  // The book names the project nowhere.
  neon: {},
}
