// zod's small form: the same checks at a third of the time that every command's start would spend on it.

import * as z from 'zod/mini'
import english from 'zod/v4/locales/en.js'

z.config(english())

const text = z.string().check(z.minLength(1))
const path = text
const port = z.int().check(z.minimum(1), z.maximum(65535))
const host = z.string().check(z.regex(/^[A-Za-z0-9.-]+$/, 'is no host name'))
const place = z.string().check(z.regex(/^[A-Za-z0-9.-]+(:\d+)?$/, 'is no host name, with or without a port'))
const url = z.url()
const price = z.number().check(z.minimum(0))
const nameserver = z
  .string()
  .check(z.regex(/^(\d{1,3}(\.\d{1,3}){3}|\[[0-9A-Fa-f:]+\])(:\d{1,5})?$/, 'is no address of a name server, with or without a port'))
const several = <T extends z.ZodMiniType>(one: T) => z.array(one).check(z.minLength(1))

/** One deployment with its addresses. Everything that the book states is built in; a file overrides any of it. */
export const environmentSchema = z.strictObject({
  name: z.string().check(z.regex(/^[a-z][a-z0-9-]*$/, 'must be lower-case letters, digits and hyphens')),
  /** True: every procedure stops below its plan, and no writer writes. */
  readonly: z.boolean(),
  /** Tried in order; the first that exists is used. */
  kubeconfig: z.union([
    z.pipe(
      path,
      z.transform((one) => [one]),
    ),
    several(path),
  ]),
  namespace: text,
  /** The operators' Lease in this namespace: how it is called, and after how many seconds without a renewal it counts as abandoned. */
  lease: z.strictObject({ name: text, seconds: z.int().check(z.minimum(2), z.maximum(3600)) }),
  nodes: several(
    z.strictObject({
      alias: z.string().check(z.regex(/^[^-\s]\S*$/, 'is no host that ssh takes')),
      address: text,
      hostname: text,
      ipv6: z.optional(text),
    }),
  ),
  /** Given to ssh as -F; without it, ssh reads its own files. */
  ssh: z.strictObject({ config: z.optional(path) }),
  /** Where releases of k3s are fetched from, by the nodes: below it `v1.34.6+k3s1/k3s`. */
  k3s: z.strictObject({ releases: z.url() }),
  /** The API repository on this machine. */
  checkout: path,
  /** PEM file of an authority to trust beside the usual ones. */
  ca: z.optional(path),
  database: z.strictObject({ pooler: host, direct: host, port, user: text, name: text, configMap: text, secret: text }),
  redis: z.strictObject({ deployment: text, port, secret: text, passwordKey: text }),
  /** How many pods of each Deployment are to run; `singleton`: never more than one at a time; `node`: the alias of the one it is to run on. */
  workloads: z.record(
    text,
    z.strictObject({
      replicas: z.int().check(z.minimum(0)),
      singleton: z.optional(z.boolean()),
      node: z.optional(text),
    }),
  ),
  health: z.url(),
  /** Where providers say how they are, by a name for each: shown beside, never decided by. */
  status_pages: z.record(text, z.url()),
  /** What is paid a month, as bills say it: no source of this deployment has its prices. */
  cost: z.strictObject({
    currency: z.optional(text),
    /** Of one node, by its instance type as the cluster labels it; `any`: of every other. */
    nodes: z.optional(z.record(text, price)),
    /** Of a gigabyte of what users uploaded. */
    storage_gb: z.optional(price),
    /** What stays the same whatever is used, by a name for each. */
    fixed: z.optional(z.record(text, price)),
  }),
  notify: z.strictObject({
    /** Is POSTed a line of JSON where --notify was typed. */
    webhook: z.optional(z.url()),
  }),
  /** Where a name lives, as libpq knows it: the name is what TLS verifies. */
  hostaddr: z.record(place, text),
  warmup: z.strictObject({
    /** Of the boot log line; its text is in no source, so there is no default. */
    pattern: z.optional(text),
    pings: z.int().check(z.positive()),
  }),
  cloudflare: z.strictObject({
    zone: host,
    /** What customers use; any other name that leads to a node is found at Cloudflare. */
    names: several(host),
    /** Prints the API token; without it, the variable CLOUDFLARE_API_TOKEN. */
    token_command: z.optional(several(text)),
    /** PEM file with the Origin CA's roots; without it, those that Cloudflare publishes. */
    origin_ca: z.optional(path),
  }),
  /** Where the application hands its mail to, over STARTTLS, and as whom. */
  mail: z.strictObject({
    host,
    port,
    secret: text,
    passwordKey: text,
    /** The login's name. */
    user: z.optional(text),
    /** The sender's domain, whose records receivers look at. */
    domain: z.optional(host),
    /** DKIM selectors that the server signs with. */
    dkim: z.optional(several(z.string().check(z.regex(/^[A-Za-z0-9._-]+$/, 'is no DKIM selector')))),
    /** Asked in the place of this machine's own. */
    nameserver: z.optional(nameserver),
  }),
  /** Apple's push service, and under which names the application's ConfigMap has what requests to it are signed for. */
  apns: z.strictObject({
    host,
    topicKey: text,
    /** Of the ids of the key and of its team; Apple's own, ten letters and digits. */
    keyIdKey: z.optional(text),
    teamIdKey: z.optional(text),
    /** What Apple knows the app by: the topic is to be this one. */
    topic: z.optional(text),
  }),
  /** Google's push service, and where its key stands. */
  fcm: z.strictObject({ host, secret: text, key: text }),
  /** The users whom Traefik asks for a login. */
  basicAuth: z.strictObject({
    secret: text,
    /** Where the password's truth stands in deploy-k3s/config.yaml, dotted: secret-rotation.md is cut there. */
    sourceKey: z.optional(text),
  }),
  /** Where images are kept: by the images themselves. */
  registry: z.strictObject({
    /** Prints `user:token` of whoever may delete images; without it, the deployment's pull secret is tried. */
    login_command: z.optional(several(text)),
  }),
  /** Where users' files are kept, over S3. */
  storage: z.strictObject({
    endpoint: host,
    region: text,
    bucket: text,
    /** What is uploaded and not yet attached to anything. */
    prefix: text,
    secret: text,
    /** Under which names the application key's two halves stand: in that Secret, or in the application's ConfigMap. */
    idKey: z.optional(text),
    keyKey: z.optional(text),
    /** Prints `id:key`, where those names are not known. */
    key_command: z.optional(several(text)),
  }),
  /** Where what the application counts and traces goes, and is looked at. */
  observability: z.strictObject({
    /** vmagent pushes to it, with the live token of that Secret. */
    write: url,
    secret: text,
    tokenKey: text,
    /** The Deployment of vmagent, and its own port. */
    agent: text,
    agentPort: port,
    /** The label `service` that the API's samples have. */
    service: text,
    /** Below which the store answers /api/v1/query. */
    metrics: z.optional(url),
    /** Below which Jaeger answers /api/traces. */
    traces: z.optional(url),
    /** The services that send traces. */
    traced: several(text),
    /** The API's histogram of how long requests take, without _bucket. */
    histogram: z.optional(z.string().check(z.regex(/^[A-Za-z_:][A-Za-z0-9_:]*$/, 'is no name of a metric'))),
    /** The histogram's label that says which route. */
    route: z.optional(z.string().check(z.regex(/^[A-Za-z_]\w*$/, 'is no name of a label'))),
    /** Prints what lets read metrics and traces. */
    token_command: z.optional(several(text)),
    grafana: url,
    grafana_token_command: z.optional(several(text)),
  }),
  /** Where the database is kept: without a project, restore points are made by hand. */
  neon: z.strictObject({
    /** The project's id, as its settings in Neon's console show it. */
    project: z.optional(z.string().check(z.regex(/^[a-z0-9-]{1,60}$/, 'is no id of a project'))),
    /** Prints the API key; without it, the variable NEON_API_KEY. */
    api_key_command: z.optional(several(text)),
  }),
})

export type Environment = Readonly<z.output<typeof environmentSchema>>
