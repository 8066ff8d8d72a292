import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findSettings } from '../../src/lib/cli/find-settings.ts'
import { sshHosts } from '../../src/lib/cli/ssh-hosts.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { hasEnvironment, withEnvironment } from '../../src/lib/environment/add-environment.ts'
import { production } from '../../src/lib/environment/production.ts'
import { environmentSchema } from '../../src/lib/environment/schema.ts'
import { type Sandbox, startSandbox } from '../../src/lib/sandbox/sandbox.ts'

// Somebody else's machine: other aliases, in a file that the configuration includes, and a kubeconfig of another name.

let sandbox: Sandbox
let home: string
beforeAll(async () => {
  sandbox = await startSandbox({ postgres: false })
  home = mkdtempSync(join(tmpdir(), 'newcomer-'))
  mkdirSync(join(home, '.kube'))
  mkdirSync(join(home, '.ssh/config.d'), { recursive: true })
})
afterAll(async () => {
  rmSync(home, { recursive: true, force: true })
  await sandbox.stop()
})

/** Of one host of the sandbox's own configuration. */
const settingOf = (host: string, keyword: string): string => {
  const block =
    readFileSync(join(sandbox.dir, 'ssh/config'), 'utf8')
      .split('\n\n')
      .find((one) => one.startsWith(`Host ${host}\n`)) ?? ''
  return new RegExp(`^  ${keyword} (.+)$`, 'm').exec(block)?.[1] ?? ''
}

/** As somebody writes it by hand; `known`: the name in known_hosts, where it is not that of the port. */
const hostBlock = (alias: string, host: string, known?: string) =>
  [
    `Host ${alias}`,
    '  HostName 127.0.0.1',
    `  Port ${settingOf(host, 'Port')}`,
    '  User root',
    ...(known === undefined ? [] : [`  HostKeyAlias ${known}`]),
    `  UserKnownHostsFile ${join(home, '.ssh/known_hosts')}`,
    `  IdentityFile ${settingOf(host, 'IdentityFile')}`,
    '  IdentityAgent none',
  ].join('\n')

const arrange = (hosts: readonly string[]): string => {
  const config = join(home, '.ssh/config')
  writeFileSync(config, `Include ${join(home, '.ssh/config.d')}/*.conf\nHost *\n  ServerAliveInterval 30\n`)
  writeFileSync(join(home, '.ssh/config.d/work.conf'), `${hosts.join('\n')}\nHost 192.0.2.9 "archive" build-*\n  User git\n`)
  const known = readFileSync(join(sandbox.dir, 'ssh/known_hosts'), 'utf8')
  const keyOf = (host: string) => known.split('\n').find((line) => line.startsWith(`${settingOf(host, 'HostKeyAlias')} `)) ?? ''
  const byPort = ['hetzner1', 'hetzner2', 'hetzner3'].map(
    (host) => `[127.0.0.1]:${settingOf(host, 'Port')} ${keyOf(host).split(' ').slice(1).join(' ')}`,
  )
  writeFileSync(join(home, '.ssh/known_hosts'), `${known}\n${byPort.join('\n')}\n`)
  return config
}

const lookedFor = (config: string, choose?: (question: string) => Promise<string | undefined>) =>
  findSettings(environmentSchema.parse({ ...production, kubeconfig: ['~/.kube/shop.yaml'], ssh: { config } }), {
    env: { HOME: home },
    cwd: home,
    clock: systemClock,
    ...(choose && { choose }),
  })

const nodes = (one: string, two: string, three: string) => [
  expect.objectContaining({ alias: two, hostname: 'ubuntu-8gb-nbg1-1', address: '178.105.32.198' }),
  expect.objectContaining({ alias: one, hostname: 'ubuntu-8gb-nbg1-2', address: '178.104.247.152' }),
  expect.objectContaining({ alias: three, hostname: 'ubuntu-8gb-nbg1-3', address: '178.104.249.189' }),
]

test('hosts of a configuration are those of the files that it includes too, without patterns', () => {
  const config = arrange(['Host lark wren', 'host=owl'])
  expect(sshHosts(config)).toEqual(['lark', 'wren', 'owl', '192.0.2.9', 'archive'])
})

test('foreign aliases are found: by the name of the key, and where no address tells by asking the machine', async () => {
  const config = arrange([hostBlock('lark', 'hetzner1', '178.104.247.152'), hostBlock('wren', 'hetzner2'), hostBlock('owl', 'hetzner3')])
  writeFileSync(join(home, '.kube/shop.yaml'), readFileSync(join(sandbox.dir, 'admin.kubeconfig')), { mode: 0o600 })
  const { looked, values } = await lookedFor(config)
  expect(looked.slice(0, 4).filter(({ next }) => next !== undefined)).toEqual([])
  expect(values).toEqual({ kubeconfig: '~/.kube/shop.yaml', nodes: nodes('lark', 'wren', 'owl') })
})

test('a kubeconfig of any name in ~/.kube is taken where its cluster is the only one that answers', async () => {
  rmSync(join(home, '.kube/shop.yaml'))
  writeFileSync(join(home, '.kube/work.yaml'), readFileSync(join(sandbox.dir, 'admin.kubeconfig')), { mode: 0o600 })
  writeFileSync(
    join(home, '.kube/dead.yaml'),
    readFileSync(join(sandbox.dir, 'admin.kubeconfig'), 'utf8').replace(/(127\.0\.0\.1):\d+/, '$1:1'),
  )
  const config = arrange([hostBlock('lark', 'hetzner1')])
  const { looked, values } = await lookedFor(config)
  expect(values).toMatchObject({ kubeconfig: join(home, '.kube/work.yaml') })
  expect(looked.find(({ what }) => what === 'ssh hetzner2')).toMatchObject({
    found: expect.stringMatching(/no host of .* leads to ubuntu-8gb-nbg1-1, 178\.105\.32\.198; it has .*archive/),
    next: expect.stringContaining('HostName 178.105.32.198'),
  })
})

test('what is not found is asked for, with the hosts that are there', async () => {
  const config = arrange([hostBlock('lark', 'hetzner1'), hostBlock('owl', 'hetzner3')])
  const asked: string[] = []
  const { values } = await lookedFor(config, async (question) => {
    asked.push(question)
    return 'archive'
  })
  expect(asked).toEqual(['Which of them leads to ubuntu-8gb-nbg1-1 (178.105.32.198)?'])
  expect(values).toMatchObject({ nodes: nodes('lark', 'archive', 'owl') })
})

test('another environment is added below those that are there, every line of which stays', () => {
  const text = '# mine\nenvironments:\n    production:\n        # nothing\n        namespace: honeydue # as ever\n'
  const whole = withEnvironment(text, 'staging', { kubeconfig: '/k', 'ssh.config': '/s' })
  expect(whole).toBe(`${text}\n    staging:\n      kubeconfig: /k\n      ssh:\n        config: /s\n`)
  expect(hasEnvironment(whole ?? '', 'staging')).toBe(true)
  expect(withEnvironment('environments: { production: { namespace: a } }\n', 'staging', {})).toBeUndefined()
  expect(withEnvironment('environments:\n  production:\nother: 1\n', 'staging', { kubeconfig: '/k' })).toBeUndefined()
})
