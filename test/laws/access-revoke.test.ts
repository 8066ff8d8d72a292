import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { readersOf } from '../../src/lib/plan/plan.ts'
import { revoke } from '../../src/lib/procedures/access/revoke.ts'
import { nodes } from '../../src/lib/sandbox/deployment/facts.ts'
import { authorizedFile } from '../../src/lib/sandbox/nodes/authorized.ts'
import { newSshKey } from '../../src/lib/sandbox/nodes/ssh-key.ts'
import { fingerprintOf } from '../../src/lib/systems/nodes/authorized-keys.ts'
import { contextOf } from '../support/context.ts'
import { useSystems } from '../support/systems-of.ts'
import { useSandbox } from '../support/worlds.ts'
import { laws } from './laws.ts'
import { wholeSubject } from './whole-subject.ts'

const sandbox = useSandbox({ postgres: false })
const { systems, close } = useSystems(sandbox)
const other = newSshKey('their second, with spaces').public
const under = (alias: string, path: string) => join(sandbox().dir, 'nodes', alias, 'root', path)
const own = () => readFileSync(`${sandbox().nodes.identityFile}.pub`, 'utf8').trim()
const laptop = () => sandbox().nodes.laptop
const blobOf = (line: string) => line.split(' ').find((one) => one.startsWith('AAAA')) ?? ''
const put = (lines: readonly string[], path = authorizedFile, aliases = nodes.map(({ alias }) => alias)) => {
  for (const alias of aliases) sandbox().nodes.node(alias).put(path, lines.join('\n'))
}
const input =
  (more: object = {}) =>
  () => ({ name: 'operator@laptop', holder: undefined, 'key-file': undefined, without: [], ...more })

/** Every file that sshd looks into; what a revocation keeps beside them is no way in. */
const observe = () =>
  nodes.map(({ alias }) => {
    const found = ['root/.ssh', 'home/deploy/.ssh', 'etc/ssh/authorized_keys'].flatMap((folder) =>
      existsSync(under(alias, folder)) ? readdirSync(under(alias, folder)).map((name) => join(folder, name)) : [],
    )
    return found.filter((path) => !path.includes('.revoked-')).map((path) => [path, readFileSync(under(alias, path), 'utf8')])
  })

const subject = wholeSubject({ sandbox, systems, close, observe })

laws(revoke, subject, [
  {
    name: 'a laptop that is lost, its key at hand',
    input: () => ({ ...input()(), 'key-file': laptop().file }),
    arrange: () => {},
    meets: 'work',
  },
  {
    name: 'as people have them: options, twice, CRLF, commented out, no end of line, another account',
    input: () => ({ ...input()(), name: fingerprintOf(blobOf(other)) }),
    arrange: () => {
      put([
        '# keys of the operators\r',
        `${own()}\r`,
        `from="10.0.0.0/8,198.51.100.77",command="echo a b",no-pty ${other}\r`,
        `# ${other}`,
        laptop().public,
        '',
        other,
      ])
      put([`cert-authority,principals="a b" ${other}`, laptop().public, ''], 'home/deploy/.ssh/authorized_keys', ['hetzner2'])
    },
    meets: 'work',
  },
  {
    name: 'a comment with spaces that two keys have, at one node alone',
    input: input({ name: 'their second, with spaces' }),
    arrange: () => put([own(), other, newSshKey('their second, with spaces').public, ''], authorizedFile, ['hetzner3']),
    meets: 'work',
  },
  {
    name: 'sshd looks elsewhere',
    input: input(),
    arrange: () => {
      for (const { alias } of nodes) {
        rmSync(under(alias, authorizedFile))
        sandbox()
          .nodes.node(alias)
          .state.write('sshd-config', 'authorizedkeysfile /etc/ssh/authorized_keys/%u\nauthorizedkeyscommand none\n')
      }
      put([own(), laptop().public, ''], 'etc/ssh/authorized_keys/root')
    },
    meets: 'work',
  },
  {
    name: 'one node is left for later',
    input: input({ without: ['hetzner3'] }),
    arrange: () => sandbox().nodes.setUp('hetzner3', false),
    meets: 'work',
  },
  {
    name: 'it was taken away before',
    input: input(),
    arrange: () => {
      put([own(), ''])
      put([own(), laptop().public, ''], `${authorizedFile}.revoked-operator-laptop`)
    },
    meets: 'nothing to do',
  },
  {
    name: 'the key of this machine',
    input: input({ name: 'honeydue-sandbox' }),
    arrange: () => {},
    refused: /is a key that this machine offers hetzner1 itself/,
  },
  {
    name: 'the last key',
    input: input(),
    arrange: () => put([`cert-authority ${own()}`, laptop().public, '']),
    refused: /it is the last key that lets root in to hetzner1/,
  },
  {
    name: 'a node that does not answer',
    input: input(),
    arrange: () => sandbox().nodes.setUp('hetzner3', false),
    refused: /hetzner3 was not asked: hetzner3 cannot be reached/,
  },
  {
    name: 'a key file that is none',
    input: input({ 'key-file': '/dev/null' }),
    arrange: () => {},
    refused: /Whether hetzner1 lets \/dev\/null in cannot be tried/,
  },
])

const gather = (name: string) =>
  revoke.gather(input({ name })(), readersOf(systems(), revoke.needs), { ...contextOf(sandbox().environment), clock: systemClock })

describe('access:revoke', () => {
  test('a name that no node knows is refused with those that are let in', async () => {
    await expect(gather('nobody')).rejects.toMatchObject({
      code: 'no-such-key',
      likely: expect.stringMatching(/honeydue-sandbox \(SHA256:.*operator@laptop/),
    })
  })

  test('what is no key of a person is told: a command that names keys, and an authority of certificates', async () => {
    sandbox()
      .nodes.node('hetzner2')
      .state.write(
        'sshd-config',
        'authorizedkeysfile .ssh/authorized_keys\nauthorizedkeyscommand /usr/bin/keys\ntrustedusercakeys /etc/ssh/ca.pub\n',
      )
    const told = revoke.beyond?.(await gather('operator@laptop')).join('\n')
    expect(told).toMatch(/hetzner2 lets in by AuthorizedKeysCommand \/usr\/bin\/keys as well/)
    expect(told).toMatch(/hetzner2 lets in by TrustedUserCAKeys \/etc\/ssh\/ca.pub as well/)
  })

  test('the plan ends with what its holder has seen, each with the procedure that renews it', async () => {
    const told = revoke.beyond?.(await gather('operator@laptop')) ?? []
    expect(told).toContain('honeydue secrets:rotate POSTGRES_PASSWORD')
    expect(told).toContain('honeydue cert:rotate')
  })

  test('an undo after somebody has changed the file puts the key back and leaves the change', async () => {
    const alias = 'hetzner1'
    const file = () => readFileSync(under(alias, authorizedFile), 'utf8')
    const keys = { path: '/root/.ssh/authorized_keys', blobs: [blobOf(laptop().public)], keptAs: 'authorized_keys.revoked-x' }
    await systems().nodes.write.removeKeys(alias, keys)
    expect(file()).toBe(`${own()}\n`)
    put([own(), other], authorizedFile, [alias])
    await systems().nodes.write.putBackKeys(alias, keys)
    await systems().nodes.write.putBackKeys(alias, keys)
    expect(file()).toBe(`${own()}\n${other}\n${laptop().public}\n`)
  })

  test('a key file is let in before, and refused afterwards', async () => {
    expect(await systems().nodes.read.admits('hetzner1', laptop().file)).toBe(true)
    put([own(), ''])
    expect(await systems().nodes.read.admits('hetzner1', laptop().file)).toBe(false)
    expect(await systems().nodes.read.admits('hetzner1')).toBe(true)
  })
})
