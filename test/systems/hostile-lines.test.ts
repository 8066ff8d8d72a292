import { describe, expect, test } from 'vitest'
import { later } from '../../src/lib/later.ts'
import { Secret } from '../../src/lib/secret.ts'
import type { ShellLine } from '../../src/lib/shell.ts'
import { sayCheckout } from '../../src/lib/systems/checkout/say-checkout.ts'
import { sayCloudflare } from '../../src/lib/systems/cloudflare/say-cloudflare.ts'
import { sayKube } from '../../src/lib/systems/kube/say-kube.ts'
import { sayNeon } from '../../src/lib/systems/neon/say-neon.ts'
import { sayNodes } from '../../src/lib/systems/nodes/write-nodes.ts'
import { sayPostgres } from '../../src/lib/systems/postgres/say-postgres.ts'
import { sayRedis } from '../../src/lib/systems/redis/say.ts'
import type { Said } from '../../src/lib/systems/systems.ts'
import { sayDelete } from '../../src/lib/ufw-lines.ts'
import { hostileWords, pieces } from '../support/hostile-words.ts'
import { shells, typeInto } from '../support/shells.ts'

const never = <T>(): ReturnType<typeof later<T>> => later<T>(async () => Promise.reject(new Error('a line needs no such value')))

/** Every line that there is, with the same value from outside wherever one may stand. */
const saidOf = (value: string): readonly Said[] => {
  const at = { namespace: value, name: value }
  const kube = sayKube([value])
  const cloudflare = sayCloudflare({
    zone: value,
    tokenCommand: ['echo', value],
    caFile: value,
    hostaddr: { 'api.cloudflare.com': '127.0.0.1:1' },
  })
  const neon = sayNeon({ project: value, api_key_command: ['echo', value], caFile: value })
  const postgres = sayPostgres({ passwordOf: { namespace: value, secret: value, kubeconfigs: [value] }, caFile: value })
  const target = { host: value, port: 5432, user: value, database: value, password: new Secret('x') }
  const index = { schema: value, name: value }
  const nodes = sayNodes({ configFile: value, hostnames: new Map([[value, value]]) })
  const redis = sayRedis({ namespace: value, deployment: value, kubeconfigs: [value] })
  const checkout = sayCheckout(value)
  const record = { name: value, type: 'A' as const, address: value, comment: value }
  const manifest = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: value }, spec: { image: value } }
  return [
    kube.setConfigMapValue({ ...at, key: value, from: value, to: value }),
    kube.restart(at),
    kube.scale({ ...at, from: 1, to: 0 }),
    kube.setPaused({ ...at, paused: true }),
    kube.runJob({ ...at, manifest, file: value, container: value, image: value, migratesTo: 4n }),
    kube.removeJob({ ...at, uid: value }),
    kube.annotate({ ...at, kind: 'Secret', annotation: value, value }),
    kube.replaceTlsSecret({ ...at, resourceVersion: value, certificate: never(), key: never(), files: { certificate: value, key: value } }),
    cloudflare.addAddress(record),
    cloudflare.proxyAddress(record),
    cloudflare.removeAddress(record),
    cloudflare.purge({ urls: [value] }),
    cloudflare.createOriginCertificate({ csr: '', names: [value], days: 7, key: 'ec', files: { request: value, certificate: value } }),
    cloudflare.revokeOriginCertificate({ id: value }),
    neon.markVersion({ parent: value, version: 4n }),
    neon.deleteMark({ id: value, name: value }),
    postgres.endBackend(target, { pid: 7, backendStart: value, state: value }),
    postgres.dropInvalidIndex(target, index),
    postgres.rebuildInvalidIndex(target, index),
    postgres.markVersions(target, [1n], value),
    nodes.allowFrom(value, { source: value, port: 443, protocol: 'tcp', comment: value }),
    nodes.deleteRule(value, { spec: value }),
    { line: sayDelete(value, { spec: value }), target: value },
    redis.forgetResidenceIds(['7']),
    redis.forgetAllResidenceIds([], value),
    checkout.setScalar({ file: value, key: value, line: 4, from: value, to: value }),
    checkout.keepNewKey({ base: value, commonName: value, key: new Secret('x'), csr: '', publicKey: '' }),
    checkout.placePair({ base: value, certificate: never() }),
    checkout.restorePair({ base: value }),
    checkout.dropNewKey({ base: value }),
  ]
}

const linesOf = ({ before = [], line }: Said): readonly ShellLine[] => [...before, ...(typeof line === 'string' ? [line] : line)]

const programs = [
  'kubectl',
  'curl',
  'ssh',
  'psql',
  'openssl',
  'awk',
  'sed',
  'cp',
  'mv',
  'rm',
  'chmod',
  'cmp',
  'git',
  'tr',
  'head',
  'grep',
  'stub',
  'hostname',
  'cut',
  'sudo',
  'ufw',
]

/** Every piece once, in the shell that the lines are for; with all laws in every shell, and with random words of them. */
const sweeping = process.env['HONEYDUE_LAWS'] === 'all'
const chunks = Array.from({ length: 8 }, (_, i) =>
  pieces
    .filter((_, at) => at % 8 === i)
    .join('')
    .replace(/\n+$/, ''),
)
const values = sweeping ? [...chunks, ...hostileWords(pieces.length + 4, 3).slice(pieces.length)] : chunks
const asked = sweeping ? ['sh', 'dash', 'bash', 'zsh'] : ['sh']

describe.each(shells.filter(({ name }) => asked.includes(name)))('typed into $name', ({ path }) => {
  test('no line of any writer runs what a value from outside says', () => {
    const lines = values.flatMap((value) => saidOf(value).flatMap(linesOf))
    // A folder that is not there, and what fails, would only end it sooner; each line is a subshell's so that exit ends no more than it.
    const script = lines.map((line) => `(${line}\n)`).join('\n')
    const { code, left, calls } = typeInto(path, `cd() { stub cd "$@"; }\n${script}\n`, programs, {
      curl: 'echo \'{"id":"a1"}\'',
      git: 'echo scratch',
    })
    // A shell that was killed has not come to the last lines.
    expect(code).not.toBeNull()
    expect(left.filter((name) => /^pwned(\.txt)?$/.test(name))).toEqual([])
    expect(calls.length).toBeGreaterThan(values.length * 30)
    // What a node is sent is a line for its own shell.
    const sent = calls.filter(([name]) => name === 'ssh').map((call) => call.at(-1) ?? '')
    const remote = typeInto(path, sent.map((line) => `(${line}\n)`).join('\n'), programs)
    expect(remote.left.filter((name) => /^pwned(\.txt)?$/.test(name))).toEqual([])
    expect(sent.length).toBe(values.length * 3)
  })
})

test('a value arrives as it is: in the name of an object, a connection, a statement, a rule', () => {
  for (const value of values.slice(0, 20)) {
    const said = saidOf(value)
    const { calls } = typeInto(
      '/bin/sh',
      said
        .flatMap(linesOf)
        .map((line) => `(${line}\n)`)
        .join('\n'),
      programs,
      { curl: 'echo \'{"id":"a1"}\'', git: 'echo scratch' },
    )
    const of = (name: string) => calls.filter(([program]) => program === name)
    expect(of('kubectl').some((call) => call[1] === '-n' && call[2] === value && call.includes(`deployment/${value}`))).toBe(true)
    expect(of('psql').every((call) => call[call.indexOf('-d') + 1]?.includes(`dbname=`))).toBe(true)
    expect(of('ssh').every((call) => call.includes(value))).toBe(true)
    expect(of('curl').every((call) => call[call.indexOf('--cacert') + 1] === value)).toBe(true)
  }
})
