import { stringify } from 'yaml'
import { production } from './production.ts'

/** Every setting of an environment in a sentence, by its path; the test holds it to the schema. */
export const described: Readonly<Record<string, string>> = {
  readonly: 'where it is true every command looks, and none changes anything',
  kubeconfig: 'tried in order; the first that exists is used. The variable KUBECONFIG beats it',
  namespace: 'of the application',
  'lease.name': "the operators' Lease in that namespace: one operator changes the deployment at a time",
  'lease.seconds': 'after so many without a renewal it counts as abandoned',
  nodes: 'each by its SSH alias, its address and the name that the machine and the cluster call it by',
  'ssh.config': 'given to ssh as -F; without it, ssh reads its own files',
  'k3s.releases': 'the nodes fetch releases of k3s from below it: v1.34.6+k3s1/k3s and its list of checksums',
  checkout: 'the API repository on this machine: deploy-k3s and migrations are read there',
  ca: 'PEM file of an authority to trust beside the usual ones',
  'database.pooler': "the pooler's host",
  'database.direct': 'the host without the pooler',
  'database.port': 'of both',
  'database.user': 'who logs in',
  'database.name': 'upper and lower case count',
  'database.configMap': 'where DB_HOST stands',
  'database.secret': 'where the password stands',
  'redis.deployment': 'whose pod is Redis',
  'redis.port': 'in the pod',
  'redis.secret': 'where its password stands',
  'redis.passwordKey': 'under which key',
  workloads: 'how many pods of each Deployment are to run; singleton: never more than one; node: the alias of the one it is to run on',
  health: 'answers 200 where the API is well',
  status_pages:
    'where providers say how they are, by a name for each, such as Cloudflare: https://www.cloudflarestatus.com/api/v2/status.json; status shows what they say, and decides nothing by it',
  'cost.currency': 'what the prices are in',
  'cost.nodes': 'what a node costs a month, by its instance type as the cluster labels it; any: every other; no source says it',
  'cost.storage_gb': 'what a gigabyte of the bucket costs a month',
  'cost.fixed': 'what else is paid a month, whatever is used, by a name for each',
  'notify.webhook': 'is POSTed a line of JSON when a run with --notify waits for somebody, or ends',
  hostaddr: 'where a name lives, as libpq knows it: the name is what TLS verifies, the address is where to connect',
  'warmup.pattern': 'of the line that a pod logs when its pool is warm; a regular expression',
  'warmup.pings': 'so many connections are opened at boot',
  'cloudflare.zone': 'whose records lead to the nodes',
  'cloudflare.names': 'what customers use; other names that lead to a node are found at Cloudflare',
  'cloudflare.token_command': 'prints the API token: a program and its words; without it, the variable CLOUDFLARE_API_TOKEN',
  'cloudflare.origin_ca': "PEM file with the Origin CA's roots; without it, those that Cloudflare publishes",
  'mail.host': 'the application hands its mail to this server',
  'mail.port': 'where it takes mail over STARTTLS',
  'mail.secret': 'where the password stands',
  'mail.passwordKey': 'under which key',
  'mail.user': 'who logs in there; without it, mail:status tries no login',
  'mail.domain': "the sender's domain: of what stands behind the @ in what customers get; without it, DNS is not asked",
  'mail.dkim': 'the DKIM selectors that the server signs with, as its settings show them',
  'mail.nameserver': "asked for the sender's records, as address:port; without it, the name servers of this machine",
  'apns.host': 'Apple takes notifications there',
  'apns.topicKey': "the name of the topic in the application's ConfigMap",
  'apns.keyIdKey': "the name of the id of Apple's key there; no source says it",
  'apns.teamIdKey': "the name of the team's id, in the same place",
  'apns.topic': 'what Apple knows the app by (9ea0583): the topic is to be this',
  'fcm.host': 'Google takes notifications there',
  'fcm.secret': 'where its key stands',
  'fcm.key': 'under which key',
  'basicAuth.secret': 'the users whom Traefik asks for a login',
  'basicAuth.sourceKey': 'where the password stands in deploy-k3s/config.yaml, dotted: no source says it',
  'registry.login_command':
    'prints a user, a colon and a token that may delete images: a program and its words; without it, registry:prune tries what the pull secret has',
  'storage.endpoint': "the S3 API that users' files are kept behind",
  'storage.region': 'what requests are signed for',
  'storage.bucket': 'upper and lower case count',
  'storage.prefix': 'where uploads stand that nothing is attached to yet: lifecycle rules take them away',
  'storage.secret': 'where the application key stands',
  'storage.idKey': 'the name of its id, in that Secret or in the ConfigMap of the application; no source says it',
  'storage.keyKey': 'the name of the key itself, in the same places',
  'storage.key_command': 'prints the id, a colon and the key, where those names are not known: a program and its words',
  'observability.write': 'vmagent pushes what it scrapes to this address',
  'observability.secret': 'where the token stands that metrics and traces are pushed with',
  'observability.tokenKey': 'under which key',
  'observability.agent': 'the Deployment of vmagent',
  'observability.agentPort': 'where it says how it is, in its pod',
  'observability.service': 'the label service of the samples that the API has',
  'observability.metrics':
    'the store, as VictoriaMetrics and Prometheus answer below /api/v1/query; http:// for a port of this machine that is forwarded to it; no source says it',
  'observability.traces': 'Jaeger, as it answers below /api/traces; http:// as above; no source says it',
  'observability.traced': 'the services that send traces',
  'observability.histogram': "the API's histogram of how long requests take, without _bucket; without it, it is looked up",
  'observability.route': "the histogram's label that says which route; without it, it is looked up",
  'observability.token_command':
    'prints what lets read metrics and traces: a program and its words; without it, the live token where the address is the one that is pushed to',
  'observability.grafana': 'shows what the store has',
  'observability.grafana_token_command':
    "prints a token for Grafana's data sources: a program and its words; without it, they are not asked for",
  'neon.project': "the project's id, as its settings in Neon's console show it; without it, restore points are made by hand",
  'neon.api_key_command': 'prints the API key: a program and its words; without it, the variable NEON_API_KEY',
}

/** Where nothing is built in, what one may look like. */
const examples: Readonly<Record<string, unknown>> = {
  'ssh.config': '~/.ssh/config',
  ca: '~/authority.pem',
  'cost.currency': 'EUR',
  'cost.nodes': { any: 7.5 },
  'cost.storage_gb': 0.01,
  'cost.fixed': { Database: 19 },
  'notify.webhook': 'https://hooks.example.com/operators',
  'warmup.pattern': 'pool is warm',
  'cloudflare.token_command': ['op', 'read', 'op://honeydue/cloudflare/token'],
  'cloudflare.origin_ca': '~/origin-ca.pem',
  'mail.user': 'account@example.com',
  'mail.domain': 'example.com',
  'mail.dkim': ['one', 'two'],
  'mail.nameserver': '192.0.2.53:53',
  'apns.keyIdKey': 'NAME_OF_THE_KEYS_ID',
  'apns.teamIdKey': 'NAME_OF_THE_TEAMS_ID',
  'registry.login_command': ['op', 'read', 'op://honeydue/registry/login'],
  'storage.idKey': 'NAME_OF_THE_ID',
  'storage.keyKey': 'NAME_OF_THE_KEY',
  'storage.key_command': ['op', 'read', 'op://honeydue/storage/key'],
  'observability.metrics': 'https://metrics.example.com',
  'observability.traces': 'http://127.0.0.1:16686',
  'observability.histogram': 'NAME_OF_THE_HISTOGRAM',
  'observability.route': 'NAME_OF_THE_LABEL',
  'observability.token_command': ['op', 'read', 'op://honeydue/observability/token'],
  'observability.grafana_token_command': ['op', 'read', 'op://honeydue/grafana/token'],
  'neon.project': 'the-projects-id',
  'neon.api_key_command': ['op', 'read', 'op://honeydue/neon/key'],
}

const builtIn = (path: string): unknown =>
  path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], production)

/** One setting as YAML: over several lines where it is a list of mappings. */
const lines = (key: string, value: unknown): readonly string[] =>
  stringify({ [key]: value }, { lineWidth: 0, defaultStringType: 'PLAIN', collectionStyle: 'any' })
    .trimEnd()
    .split('\n')

/**
 * The whole configuration file of one environment: each setting with its sentence, commented out where the built-in value holds. `found` are
 * values that are to stand in it, by path.
 */
export const configurationFile = (name: string, found: Readonly<Record<string, unknown>> = {}): string => {
  const out = [
    '# What is commented out is built in: the deployment of the book. honeydue config:explain shows what holds.',
    '# Another deployment is another name below this environments, as deep as the first: the word stands once in the file.',
    'environments:',
    `  ${name}:`,
  ]
  let group = ''
  for (const [path, sentence] of Object.entries(described)) {
    const [head = '', key] = path.split('.')
    const isFound = Object.keys(found).some((one) => one === path || (key !== undefined && one.startsWith(`${head}.`)))
    if (key !== undefined && head !== group) out.push('', `    ${isFound ? '' : '# '}${head}:`)
    if (key === undefined) out.push('')
    group = key === undefined ? '' : head
    const value = found[path] ?? builtIn(path) ?? examples[path]
    const indent = key === undefined ? '    ' : '      '
    const mark = path in found ? '' : '# '
    out.push(`${indent}# ${sentence}${builtIn(path) === undefined && !(path in found) ? ' (nothing is built in)' : ''}`)
    out.push(...lines(key ?? head, value).map((line) => `${indent}${mark}${line}`))
  }
  return `${out.join('\n')}\n`
}
