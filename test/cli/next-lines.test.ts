import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { envAsked, hereIn, saidHere, typedHere } from '../../src/lib/cli/here.ts'
import { isCircular, lookNext } from '../../src/lib/cli/look-next.ts'
import { typedLine, wordsOf } from '../../src/lib/cli/typed-line.ts'
import { drain } from '../../src/lib/procedures/edge/drain.ts'
import { procedures } from '../../src/lib/procedures/index.ts'
import { reports } from '../../src/lib/reports/index.ts'
import { root } from '../support/program.ts'
import { refused } from '../support/typed.ts'
import { useSandbox } from '../support/worlds.ts'

const sandbox = useSandbox()

const here = { env: '/tmp/x y/environment.yaml', kubeconfig: '/etc/k 3s.yaml', ssh: '/tmp/ssh_config' }

test('a line leads to the deployment that was looked at: ours, kubectl’s and ssh’s, and nothing that is quoted', () => {
  const lines = {
    'honeydue edge:drain hetzner2': "honeydue edge:drain --env '/tmp/x y/environment.yaml' hetzner2",
    'honeydue doctor': "honeydue doctor --env '/tmp/x y/environment.yaml'",
    'honeydue cert:rotate   # goes on from here': "honeydue cert:rotate --env '/tmp/x y/environment.yaml'   # goes on from here",
    'honeydue db:unlock --env other --pid 7': 'honeydue db:unlock --env other --pid 7',
    'honeydue sandbox:up --detach': 'honeydue sandbox:up --detach',
    'honeydue db:status --help': 'honeydue db:status --help',
    'kubectl -n honeydue get pods': "kubectl --kubeconfig '/etc/k 3s.yaml' -n honeydue get pods",
    'kubectl --kubeconfig /x get pods': 'kubectl --kubeconfig /x get pods',
    'ssh hetzner1 "sudo ufw delete allow from ::/0 comment \'ssh hetzner1\'"':
      'ssh -F /tmp/ssh_config hetzner1 "sudo ufw delete allow from ::/0 comment \'ssh hetzner1\'"',
    'compare the fingerprint on its console, then accept it with: ssh hetzner1':
      'compare the fingerprint on its console, then accept it with: ssh -F /tmp/ssh_config hetzner1',
    "grep 'honeydue edge:drain' x": "grep 'honeydue edge:drain' x",
    'ssh-add ~/.ssh/id_ed25519': 'ssh-add ~/.ssh/id_ed25519',
    'https://www.cloudflarestatus.com': 'https://www.cloudflarestatus.com',
  }
  for (const [line, wanted] of Object.entries(lines)) expect(typedHere(line, here)).toBe(wanted)
  for (const line of Object.keys(lines)) expect(typedHere(line, {})).toBe(line)
  expect(saidHere('its firewall keeps out 2: honeydue firewall:refresh (kubectl get x)', here)).toBe(
    "its firewall keeps out 2: honeydue firewall:refresh --env '/tmp/x y/environment.yaml' (kubectl get x)",
  )
})

test('a line for a node says what its alias needs, whoever wrote the line; a node that needs nothing, and what is no command there, stay', () => {
  const needs = { options: ['-o', 'RemoteCommand=none', '-o', 'RequestTTY=no'], lacksSudo: false }
  const seen = new Map([
    ['hetzner1', needs],
    ['hetzner2', { options: [], lacksSudo: false }],
  ])
  const lines = {
    'ssh hetzner1 sudo -l': 'ssh -o RemoteCommand=none -o RequestTTY=no hetzner1 sudo -l',
    "ssh hetzner1 'curl -sv https://x/v2/'": "ssh -o RemoteCommand=none -o RequestTTY=no hetzner1 'curl -sv https://x/v2/'",
    'ssh -v hetzner1 true': 'ssh -v -o RemoteCommand=none -o RequestTTY=no hetzner1 true',
    'ssh -o RemoteCommand=none hetzner1 true': 'ssh -o RemoteCommand=none hetzner1 true',
    'ssh hetzner2 sudo -l': 'ssh hetzner2 sudo -l',
    'ssh hetzner3 sudo -l': 'ssh hetzner3 sudo -l',
    'accept it with: ssh hetzner1': 'accept it with: ssh hetzner1',
    'ssh -W 10.0.0.1:5432 hetzner1': 'ssh -W 10.0.0.1:5432 hetzner1',
    'ssh -fNM hetzner1': 'ssh -fNM hetzner1',
  }
  for (const [line, wanted] of Object.entries(lines)) expect(typedHere(line, { seen })).toBe(wanted)
  expect(typedHere('ssh hetzner1 sudo -l', { seen, ssh: '/tmp/c' })).toBe(
    'ssh -F /tmp/c -o RemoteCommand=none -o RequestTTY=no hetzner1 sudo -l',
  )
})

test('which deployment was asked for: the flag in either form, else the variable', () => {
  expect(envAsked(['--json', '--env', 'a'], { HONEYDUE_ENV: 'b' })).toBe('a')
  expect(envAsked(['--env=c'], {})).toBe('c')
  expect(envAsked(['x'], { HONEYDUE_ENV: 'b' })).toBe('b')
  expect(envAsked(['x'], {})).toBeUndefined()
  const { environment } = sandbox()
  expect(hereIn(environment, 'a', {}).kubeconfig).toBe(environment.kubeconfig[0])
  expect(hereIn(environment, 'a', { KUBECONFIG: environment.kubeconfig[0] }).kubeconfig).toBeUndefined()
})

test('the line of a command with arguments has them where they belong', async () => {
  const line = typedLine('edge:drain', ['--env', 'sandbox', ...wordsOf('node', drain.choices.node, 'hetzner2')])
  expect(line).toBe('honeydue edge:drain --env sandbox hetzner2')
  expect(await refused(line)).toBeUndefined()
})

test('what failed is not what comes next, unless it says why', () => {
  expect(isCircular('honeydue cache:status', 'cache:status')).toBe(true)
  expect(isCircular('honeydue cert:rotate --dry-run', 'cert:rotate')).toBe(true)
  expect(isCircular('honeydue cache:status   # again in a minute', 'cache:status')).toBe(false)
  expect(isCircular('honeydue cache:invalidate', 'cache:status')).toBe(false)
  for (const id of [...Object.keys(procedures), ...Object.keys(reports), 'doctor']) expect(isCircular(lookNext(id), id)).toBe(false)
  // A topic that has a report of its own is looked at there.
  for (const id of Object.keys(procedures).filter((one) => `${one.split(':')[0]}:status` in reports))
    expect([id, lookNext(id)]).not.toEqual([id, 'honeydue doctor'])
})

test('every command that a source or a page names is there, with its flags', async () => {
  const files = ['src', 'runbooks', 'README.md'].flatMap((place) =>
    place.endsWith('.md')
      ? [join(root, place)]
      : readdirSync(join(root, place), { recursive: true, encoding: 'utf8' })
          .filter((file) => /\.(?:ts|md)$/.test(file))
          .map((file) => join(root, place, file)),
  )
  const wrong: string[] = []
  for (const file of files) {
    // What stands in a line for a value is one word, whatever it is made of.
    const text = readFileSync(file, 'utf8').replaceAll(/\$\{[^}]*\}/g, 'x')
    for (const [, id = '', flags = ''] of text.matchAll(/honeydue ([a-z]+:[a-z-]+)([^\n`"|#;.,:()]*)/g)) {
      const because = await refused(`honeydue ${id} --help`)
      if (because) wrong.push(`${file}: ${because}`)
      else {
        const { default: Class } = await import(join(root, 'src/commands', `${id.replaceAll(':', '/')}.ts`))
        const known = Object.keys({ ...Class.baseFlags, ...Class.flags, help: 0 })
        for (const flag of flags.match(/(?<= )--[a-z-]+/g) ?? [])
          if (!known.includes(flag.replace(/^--(?:no-)?/, ''))) wrong.push(`${file}: ${id} ${flag}`)
      }
    }
  }
  expect(wrong).toEqual([])
})
