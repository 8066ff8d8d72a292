import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parse } from 'yaml'
import { findSettings } from '../../src/lib/cli/find-settings.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { configurationFile, described } from '../../src/lib/environment/described.ts'
import { examineEnvironment, loadEnvironment } from '../../src/lib/environment/load.ts'
import { environmentSchema } from '../../src/lib/environment/schema.ts'
import { between } from '../support/between.ts'
import { honeydue, requireBuild } from '../support/program.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'honeydue-described-'))
})
afterEach(() => rmSync(home, { recursive: true }))

/** Paths of the schema, an object's settings each by its own. */
const pathsOf = (shape: Readonly<Record<string, unknown>>, under = ''): readonly string[] =>
  Object.entries(shape).flatMap(([key, schema]) => {
    const { def } = schema as { readonly def: { readonly type: string; readonly shape?: Readonly<Record<string, unknown>> } }
    return def.type === 'object' && def.shape ? pathsOf(def.shape, `${under}${key}.`) : [`${under}${key}`]
  })

test('every setting of the schema has its sentence, and no other', () => {
  expect(Object.keys(described).sort()).toEqual(
    pathsOf(environmentSchema.def.shape)
      .filter((path) => path !== 'name')
      .sort(),
  )
})

const uncommented = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.replace(/^( *)# (?=(?: *- | *[A-Za-z_][A-Za-z_0-9]*:( |$)))/, '$1'))
    .filter((line) => !/^ *#/.test(line))
    .join('\n')

test('the file as it is written changes nothing, and with every line taken in it is one that is accepted', () => {
  const file = join(home, '.config/honeydue/config.yaml')
  mkdirSync(join(home, '.config/honeydue'), { recursive: true })
  const examined = () => examineEnvironment({ asked: undefined, env: { HOME: home }, sandbox: () => undefined })
  const builtIn = examined().environment
  writeFileSync(file, configurationFile('production'))
  expect(examined()).toMatchObject({ problems: [], environment: builtIn })
  const whole = uncommented(configurationFile('production'))
  expect(Object.keys((parse(whole) as { environments: { production: object } }).environments.production)).toContain('cloudflare')
  writeFileSync(file, whole)
  expect(examined().problems).toEqual([])
  writeFileSync(file, configurationFile('production', { checkout: '/repository', 'cloudflare.zone': 'example.com' }))
  expect(examined().environment).toMatchObject({
    checkout: '/repository',
    cloudflare: { zone: 'example.com', names: builtIn?.cloudflare.names },
  })
})

test('the page about configuration has the whole file; npm run runbooks writes it anew', async () => {
  const page = fileURLToPath(new URL('../../docs/configuration.md', import.meta.url))
  const text = readFileSync(page, 'utf8')
  await expect(between(text, 'file', `\`\`\`yaml\n${configurationFile('production').trimEnd()}\n\`\`\``)).toMatchFileSnapshot(page)
})

/** OpenSSH takes the home folder from the user's entry, not from HOME: the file is given to it. */
test('what is there is found, an alias under its own name, and what is not says what is to be done', async () => {
  const config = join(home, 'ssh-config')
  writeFileSync(config, 'Host hetzner1\n  HostName 178.104.247.152\nHost second\n  HostName 178.105.32.198\n')
  mkdirSync(join(home, '.kube'))
  writeFileSync(join(home, '.kube/honeydue.yaml'), '')
  mkdirSync(join(home, 'api/deploy-k3s/scripts'), { recursive: true })
  const { environment } = loadEnvironment({ asked: undefined, env: { HOME: home }, sandbox: () => undefined })
  const kubeconfig = ['~/.kube/honeydue-k3s.yaml', '~/.kube/honeydue.yaml']
  const { looked, values } = await findSettings(
    { ...environment, kubeconfig, checkout: join(home, 'nowhere'), ssh: { config } },
    { env: { HOME: home, CLOUDFLARE_API_TOKEN: 'PLANTED-token' }, cwd: join(home, 'api/deploy-k3s/scripts'), clock: systemClock },
  )
  expect(looked.map(({ what, found, next }) => `${what}: ${found}${next === undefined ? '' : ' → …'}`)).toEqual([
    'ssh hetzner1: leads to ubuntu-8gb-nbg1-2, 178.104.247.152',
    'ssh hetzner2: is called second here',
    `ssh hetzner3: no host of ${config} leads to ubuntu-8gb-nbg1-3, 178.104.249.189 → …`,
    'kubeconfig: ~/.kube/honeydue.yaml',
    `checkout: ${join(home, 'api')}`,
    'Cloudflare API token: in CLOUDFLARE_API_TOKEN',
    'Neon API key: not set → …',
  ])
  expect(values).toMatchObject({ checkout: join(home, 'api'), nodes: [{ alias: 'hetzner1' }, { alias: 'second' }, { alias: 'hetzner3' }] })
})

test('config:init writes one file that is accepted, and writes over nothing', async () => {
  requireBuild()
  const env = { HOME: home, CLOUDFLARE_API_TOKEN: 'PLANTED-token' }
  const first = await honeydue(['config:init'], { env })
  const file = join(home, '.config/honeydue/config.yaml')
  expect(first.code).toBe(0)
  const written = readFileSync(file, 'utf8')
  expect(first.stdout).toContain(`Written: ${file}`)
  expect(written + first.stdout + first.stderr).not.toContain('PLANTED')
  expect((await honeydue(['config:explain'], { env })).code).toBe(0)
  const second = await honeydue(['config:init'], { env })
  expect([second.code, second.stderr]).toEqual([2, expect.stringMatching(/is there\s+already/)])
  expect(readFileSync(file, 'utf8')).toBe(written)
})
