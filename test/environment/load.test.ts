import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadEnvironment } from '../../src/lib/environment/load.ts'
import { Usage } from '../../src/lib/errors.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'honeydue-environment-'))
})
afterEach(() => rmSync(home, { recursive: true }))

const load = (asked?: string, env: NodeJS.ProcessEnv = {}) =>
  loadEnvironment({ asked, env: { HOME: home, ...env }, sandbox: () => undefined })
const write = (text: string): string => {
  mkdirSync(join(home, '.config', 'honeydue'), { recursive: true })
  const file = join(home, '.config', 'honeydue', 'config.yaml')
  writeFileSync(file, text)
  return file
}
const troubleOf = (act: () => unknown): Usage => {
  try {
    act()
  } catch (error) {
    if (error instanceof Usage) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

test('production is built in, with both kubeconfig paths of the book', () => {
  const { environment } = load()
  expect(environment.name).toBe('production')
  expect(environment.kubeconfig.map((path) => path.split('/').at(-1))).toEqual(['honeydue-k3s.yaml', 'honeydue.yaml'])
  expect(environment.nodes.find(({ alias }) => alias === 'hetzner1')?.hostname).toBe('ubuntu-8gb-nbg1-2')
})

test('a file overrides single values, and each value knows its line', () => {
  const file = write('environments:\n  production:\n    database:\n      user: somebody\n')
  const { environment, sources } = load()
  expect(environment.database.user).toBe('somebody')
  expect(environment.database.port).toBe(5432)
  expect(sources.get('database.user')).toBe(`${file}:4`)
})

test('an environment knows the place where its values are written', () => {
  const file = join(home, '.config', 'honeydue', 'config.yaml')
  expect(load().settings).toEqual({ file, under: 'environments.production' })
  write('environments:\n  production: {}\n  staging: {}\n')
  expect(load('staging').settings).toEqual({ file, under: 'environments.staging' })
  const own = join(home, 'own.yaml')
  writeFileSync(own, 'name: own\n')
  expect(load(own).settings).toEqual({ file: own, under: '' })
})

test('KUBECONFIG beats the file, as it does for kubectl', () => {
  expect(load(undefined, { KUBECONFIG: '/a:/b' }).environment.kubeconfig).toEqual(['/a', '/b'])
  write('environments:\n  production:\n    kubeconfig: /from/file\n')
  expect(load().environment.kubeconfig).toEqual(['/from/file'])
  const { environment, sources } = load(undefined, { KUBECONFIG: '/a' })
  expect(environment.kubeconfig).toEqual(['/a'])
  expect(sources.get('kubeconfig')).toBe('environment variable KUBECONFIG')
  expect(load(undefined, { KUBECONFIG: ':' }).environment.kubeconfig).toEqual(['/from/file'])
})

test('a KUBECONFIG of another cluster does not lead the sandbox there; one of its own does', () => {
  const at = (name: string, text: string) => {
    const path = join(home, name)
    writeFileSync(path, text)
    return path
  }
  const own = at('own', 'clusters: [{name: c, cluster: {server: "https://127.0.0.1:7443"}}]')
  const copy = at('copy', 'clusters:\n- cluster:\n    server: https://127.0.0.1:7443\n  name: c\n')
  const real = at('real', 'clusters:\n- cluster:\n    server: https://178.104.247.152:6443\n  name: c\n')
  const file = at('environment.yaml', `name: sandbox\nkubeconfig: ${own}\n`)
  const kubeconfigs = (KUBECONFIG: string) => load(file, { KUBECONFIG }).environment.kubeconfig
  expect(kubeconfigs(real)).toEqual([own])
  expect(kubeconfigs(`${copy}:${real}`)).toEqual([own])
  expect(kubeconfigs('/nonexistent')).toEqual([own])
  expect(kubeconfigs(copy)).toEqual([copy])
})

test('aliases that grow without end are a mistake of the file', () => {
  const grown = 'bcdefgh'.split('').map((key, i) => `${key}: &${key} [${Array(9).fill(`*${'abcdefg'[i]}`).join(',')}]`)
  write(['environments:', '  production:', '    a: &a [x,x,x,x,x,x,x,x,x]', ...grown.map((line) => `    ${line}`)].join('\n'))
  expect(() => load()).toThrow(/has a problem/)
})

test('five mistakes are reported together, each with its line', () => {
  const file = write(
    [
      'environments:',
      '  production:',
      '    namespace: ""',
      '    health: nowhere',
      '    database:',
      '      port: 70000',
      '      colour: blue',
      '    nodes: []',
    ].join('\n'),
  )
  const { details, exitCode } = troubleOf(() => load())
  expect(exitCode).toBe(2)
  expect(details).toHaveLength(5)
  for (const line of [3, 4, 6, 8]) expect(details.some((detail) => detail.startsWith(`${file}:${line}: `))).toBe(true)
  expect(details.join('\n')).toContain('colour')
})

test('text that is no YAML is refused with its line', () => {
  const file = write('environments:\n  production: {\n')
  expect(troubleOf(() => load()).details[0]).toContain(`${file}:`)
})

test('an unknown environment and a sandbox that does not run name the next command', () => {
  expect(troubleOf(() => load('staging'))).toMatchObject({ code: 'environment-unknown', next: 'honeydue config:explain --env production' })
  expect(troubleOf(() => load('sandbox'))).toMatchObject({ code: 'sandbox-not-running', next: 'honeydue sandbox:up --detach' })
  expect(troubleOf(() => load(join(home, 'absent.yaml')))).toMatchObject({ code: 'environment-unreadable' })
})

test('what nothing reads is a problem with its line: a setting one level too high, a name without environments, a file of another name', () => {
  const file = write('namespace: other\nproduction:\n  namespace: other\n')
  const { details, exitCode } = troubleOf(() => load())
  expect(exitCode).toBe(2)
  expect(details).toEqual([
    `${file}:1: namespace is no setting here: it belongs under environments, into the environment that it is of: environments.production.namespace`,
    `${file}:2: production is no setting here: the file has environments and nothing else; an environment of this name would be environments.production`,
  ])
  write('environments:\n  production:\n    namespace: mine\nnodes: []\n')
  expect(troubleOf(() => load()).details).toHaveLength(1)
  write('environments: production\n')
  expect(troubleOf(() => load()).details).toEqual([expect.stringContaining(':1: environments is no mapping')])
  write('environments:\n')
  expect(load().environment.name).toBe('production')
  rmSync(file)
  writeFileSync(file.replace(/yaml$/, 'yml'), 'environments: {}\n')
  expect(troubleOf(() => load()).details).toEqual([`${file.replace(/yaml$/, 'yml')}: nothing reads it: the file is called config.yaml`])
})

test('a second block of environments below the one that config:init wrote: where it stands, and where it belongs', () => {
  const file = write('environments:\n  production:\n    namespace: y\nenvironments:\n  mine:\n    namespace: x\n')
  const trouble = troubleOf(() => load('mine'))
  expect(JSON.stringify(trouble)).toContain(`${file}:4: this key stands in the file already: put what is below it under the first one`)
})
