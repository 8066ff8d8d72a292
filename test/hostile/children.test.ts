import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, test } from 'vitest'
import { honeydue, requireBuild } from '../support/program.ts'
import { useSandbox } from '../support/worlds.ts'
import { count } from './points.ts'

const sandbox = useSandbox({ postgres: true })
const place = mkdtempSync(join(tmpdir(), 'honeydue-children-'))
beforeAll(requireBuild)
afterAll(() => rmSync(place, { recursive: true, force: true }))

const tokens = { CLOUDFLARE_API_TOKEN: 'S3CRET-of-cloudflare', NEON_API_KEY: 'S3CRET-of-neon' }
/** Every program that is started by what is asked here. */
const programs = ['git', 'ssh', 'ssh-keygen', 'psql', 'plugin']

/** Programs that note what they were given to know before they do what they always do. */
const listeners = (): { readonly path: string; readonly heard: string } => {
  const [path, heard] = [join(place, 'bin'), join(place, 'heard')]
  for (const folder of [path, heard]) mkdirSync(folder, { recursive: true })
  for (const name of programs) {
    const file = join(path, name)
    const onward = name === 'plugin' || name === 'psql' ? 'exit 0' : `PATH=\${PATH#${path}:} exec ${name} "$@"`
    writeFileSync(file, `#!/bin/sh\nenv >${heard}/${name}.$$\nprintf '%s\\n' "$@" >>${heard}/${name}.$$\n${onward}\n`)
    chmodSync(file, 0o755)
  }
  return { path, heard }
}

const kubeconfig = (port: number): string => `apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://127.0.0.1:${port}", insecure-skip-tls-verify: true}}]
contexts: [{name: c, context: {cluster: c, user: u}}]
current-context: c
users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: plugin, interactiveMode: Never}}}]
`

test('F17: no program that is started is given a token that it has no use for, in its environment or its arguments', async ({ task }) => {
  const { path, heard } = listeners()
  const file = join(place, 'kubeconfig')
  writeFileSync(file, kubeconfig(sandbox().kubernetes.port), { mode: 0o600 })
  const environment = ['--env', join(sandbox().dir, 'environment.yaml')]
  const env = { ...tokens, NO_COLOR: '1', PATH: `${path}${delimiter}${process.env['PATH']}` }
  const own: readonly (readonly [command: string, env: NodeJS.ProcessEnv])[] = [
    ['db:migrations', {}],
    ['config:diff', {}],
    ['nodes:status', {}],
    ['doctor', {}],
    ['db:psql', {}],
    ['cluster:health', { KUBECONFIG: file }],
    ['edge:drain hetzner2 --dry-run', {}],
  ]
  for (const [command, more] of own) await honeydue([...command.split(' '), ...environment], { home: place, env: { ...env, ...more } })
  const started = readdirSync(heard)
  const lost = started.flatMap((name) => {
    const told = readFileSync(join(heard, name), 'utf8')
    return Object.entries(tokens).flatMap(([token, value]) => (told.includes(value) ? [`${name} was given ${token}`] : []))
  })
  // A program that was never started has proved nothing.
  const silent = programs.filter((name) => !started.some((one) => one.startsWith(`${name}.`)))
  count(task.meta, {
    of: 'programs started without our tokens',
    tried: started.length + silent.length,
    lost: [...lost, ...silent.map((name) => `${name} was not started`)],
  })
})
