import { readFileSync, writeFileSync } from 'node:fs'
import { firewallScript, readFirewall } from '../../../src/lib/systems/nodes/firewall.ts'
import { framed } from '../../../src/lib/systems/nodes/script.ts'
import type { ContractCase } from '../contract.ts'
import type { UfwWorld } from './world.ts'

const file = new URL('./recorded.json', import.meta.url)
/** What ufw 0.36.2 of Debian printed. */
const recorded: Readonly<Record<string, unknown>> = JSON.parse(readFileSync(file, 'utf8'))

const cloudflare4 = "allow proto tcp from 173.245.48.0/20 to any port 443 comment 'cloudflare'"
const cloudflare6 = "allow proto tcp from 2400:cb00::/32 to any port 443 comment 'cloudflare'"
const operators = ['allow 22/tcp', '--force enable']
const views = ['status', 'status verbose', 'status numbered', 'show added']

/** Words of ufw, line by line, on a machine as it is installed. */
const scripts: Readonly<Record<string, readonly string[]>> = {
  'as installed': [...views, 'reload', 'version'],
  'rules are kept, and shown, while it is inactive': [
    'allow 22/tcp',
    cloudflare4,
    cloudflare6,
    ...views,
    'delete allow 22/tcp',
    'show added',
  ],
  'enabled, disabled, enabled again': [
    ...operators,
    'status',
    '--force enable',
    'reload',
    'disable',
    'disable',
    'status',
    '--force enable',
  ],
  "Cloudflare's rules": [...operators, cloudflare4, cloudflare6, ...views],
  'adding again: the same, then without its comment': [
    cloudflare4,
    cloudflare4,
    'show added',
    cloudflare4.replace(/ comment.*/, ''),
    'show added',
    cloudflare4,
    'show added',
  ],
  'another comment': [cloudflare4, cloudflare4.replace("'cloudflare'", "'cf 2026-04'"), 'show added'],
  'deleting by specification, with and without the comment': [
    ...operators,
    cloudflare4,
    cloudflare6,
    `delete ${cloudflare4}`,
    `delete ${cloudflare6.replace(/ comment.*/, '')}`,
    'status',
  ],
  'deleting what is not there': [
    'delete allow 80/tcp',
    'delete allow proto tcp from 203.0.113.0/24 to any port 443',
    'delete allow proto tcp from 2001:db8::/32 to any port 443',
    'delete deny 22/tcp',
    'show added',
  ],
  'deleting with a comment that is another': [
    cloudflare4,
    cloudflare4.replace("'cloudflare'", "'other'").replace(/^/, 'delete '),
    'show added',
  ],
  'deleting by number': [
    ...operators,
    cloudflare4,
    cloudflare6,
    '--force delete 2',
    'status numbered',
    '--force delete 9',
    '--force delete 0',
    'status numbered',
  ],
  'a rule for both families': [...operators, 'allow 6443/tcp', 'status numbered', 'delete allow 6443/tcp', 'status numbered'],
  'a rule of one family of two': [
    ...operators,
    'allow 6443/tcp',
    '--force delete 4',
    'status numbered',
    'show added',
    'allow 6443/tcp',
    'status numbered',
  ],
  'inserting at a place': [
    ...operators,
    'allow 6443/tcp',
    'insert 1 deny proto tcp from 198.51.100.7 to any port 443',
    'insert 2 allow 8080',
    'insert 99 allow 8081',
    'insert 0 allow 8082',
    'status numbered',
  ],
  'an action that changes': [
    ...operators,
    'deny 22/tcp',
    'status',
    'limit 22/tcp',
    'status',
    'reject 22/tcp',
    'status numbered',
    'show added',
  ],
  'outgoing rules': [...operators, 'deny out 25', 'allow out to 192.0.2.1 port 5432 proto tcp', ...views, 'delete deny out 25', 'status'],
  'a port for both protocols, a range, a list': [
    'allow 53',
    'allow 2379:2380/tcp',
    'allow 80,443/tcp',
    'allow 2379:2380',
    'show added',
    'delete allow 80,443/tcp',
  ],
  'a node among nodes': [
    ...operators,
    'allow from 178.105.32.198',
    'allow from 178.105.32.198 to any port 6443 proto tcp',
    'allow from 178.105.32.198 to any port 8472 proto udp comment "flannel vxlan"',
    'allow from 10.42.0.0/16',
    ...views,
  ],
  'one address in several spellings': [
    'allow from 198.51.100.7/32 to any port 443 proto tcp',
    'allow from 198.51.100.7 to any port 443 proto tcp',
    'allow from 198.51.100.9/24 to any port 443 proto tcp',
    'allow from 2001:DB8::1 to any port 443 proto tcp',
    'allow from 2001:db8::1/128 to any port 443 proto tcp',
    'show added',
  ],
  'words that are no rule': [
    '',
    'nonsense',
    'allow',
    'allow from',
    'allow from 999.1.1.1',
    'allow from nowhere.example',
    'allow 99999',
    'allow 22/sctp',
    'allow from 198.51.100.7 port',
    'allow from 198.51.100.7 to any port x',
    'allow proto nonsense from 198.51.100.7',
    'allow from 198.51.100.7 to 2001:db8::1',
    'delete',
    'delete allow',
    'insert',
    'insert x allow 22',
    'status nonsense',
    'show nonsense',
    'show added',
  ],
  'rules of an interface': [
    ...operators,
    'allow in on eth0 to any port 443 proto tcp',
    'allow in on eth0 from 192.0.2.0/24',
    'allow in on wg0',
    'deny out on eth0 to 192.0.2.1',
    ...views,
    'delete allow in on eth0 from 192.0.2.0/24',
    'show added',
  ],
  'application profiles': [
    ...operators,
    "allow 'WWW Full'",
    "allow from 192.0.2.0/24 to any app 'WWW Secure'",
    'allow WWW',
    "limit 'WWW Cache' comment 'x y'",
    "allow 'No such'",
    "app info 'WWW Full'",
    "app info 'No such'",
    ...views,
    "delete allow 'WWW Full'",
    'show added',
  ],
  'a rule before all others': [
    ...operators,
    'prepend deny from 203.0.113.9',
    'prepend deny from 2400:cb00::/32 to any port 443 proto tcp',
    ...views,
  ],
  'default policies': [
    ...operators,
    'default allow incoming',
    'default reject',
    'status verbose',
    'default deny outgoing',
    'status verbose',
    'default nonsense',
  ],
  'addresses of everybody, and a mask in dots': [
    ...operators,
    'allow from 0.0.0.0/0 to any port 443 proto tcp',
    'allow from ::/0 to any port 80 proto tcp',
    'allow from 173.245.48.0/255.255.240.0 to any port https proto tcp',
    ...views,
    'delete allow 443/tcp',
  ],
  'a service by name': ['allow https', 'allow ssh', 'allow nosuchservice', 'show added'],
}

/** Rules in many shapes, and one of IPv6 alone that stands first and is shown last. */
const arranged = [
  ...operators,
  'deny 443',
  "allow 'WWW Full'",
  'allow from 2606:4700::/32 to any port 443 proto tcp',
  'allow in on eth0 to any port 8443 proto tcp',
  'prepend allow from 2400:cb00::/32 to any port 443 proto tcp',
  "insert 1 limit from 203.0.113.9 to any app 'WWW Secure' comment 'a b'",
]
  .map((line) => `ufw ${line} > /dev/null 2>&1`)
  .join('\n')

/** Answers to the questions that it asks. */
const questions: Readonly<Record<string, string>> = {
  'a deletion that is not confirmed':
    'ufw allow 22/tcp; ufw allow 80/tcp; echo n | ufw delete 1; echo "exit $?"; ufw delete 1 < /dev/null; echo "exit $?"; ufw show added',
  'a deletion that is confirmed': 'ufw allow 22/tcp; ufw allow 80/tcp; echo y | ufw delete 1; echo "exit $?"; ufw show added',
}

const spoken = (language: string): string =>
  `LANGUAGE=${language}; export LANGUAGE; ufw status; ufw show added; ufw allow 22/tcp > /dev/null; ufw --force enable > /dev/null
${views.map((view) => `ufw ${view}`).join('; ')}`

/** What this tool reads of a ufw that speaks this language, and of shapes of rules as people have them. */
const languages = ['C', 'de_DE:de', 'fr', 'ru', 'uk:ru:en']

const shell = (lines: readonly string[]): string =>
  lines.map((line) => `echo '$ ufw ${line.replaceAll("'", '"')}'; ufw ${line}; echo "exit $?"\n`).join('')

const give = (script: string) => async (world: UfwWorld) => (await world.run(script)).split('\n')

export const ufwCases: readonly ContractCase<UfwWorld>[] = [
  ...Object.entries(scripts).map(([name, lines]) => ({ name, give: give(shell(lines)) })),
  ...Object.entries(questions).map(([name, script]) => ({ name, give: give(script) })),
  ...['de_DE:de', 'fr', 'ru'].map((language) => ({ name: `it speaks ${language}`, give: give(spoken(language)) })),
  ...languages.map((language) => ({
    name: `it is read where it speaks ${language}`,
    give: async (world: UfwWorld) => {
      const { command, read: answerIn } = framed(firewallScript)
      const stdout = await world.run(`LANGUAGE=${language}; export LANGUAGE\n${arranged}\n${command}\n`)
      const {
        interfaces: _,
        addresses: ____,
        ssh: __,
        ipv6: ___,
        ...read
      } = readFirewall(answerIn({ code: 0, stdout, stderr: '' })?.stdout ?? '')
      return JSON.parse(JSON.stringify(read))
    },
  })),
].map((one) => ({ ...one, expected: recorded[one.name] }))

/** Writes down anew what this ufw prints. */
export const record = async (world: UfwWorld): Promise<void> => {
  const answers: Record<string, unknown> = {}
  for (const { name, give: ask } of ufwCases) {
    await world.reset()
    answers[name] = await ask(world)
  }
  writeFileSync(file, `${JSON.stringify(answers, null, 2)}\n`)
}
