import { readFileSync, writeFileSync } from 'node:fs'
import { passage } from '../../../src/lib/facts/firewall/passage.ts'
import { firewallScript, readFirewall } from '../../../src/lib/systems/nodes/firewall.ts'
import { framed } from '../../../src/lib/systems/nodes/script.ts'
import type { ContractCase } from '../contract.ts'
import type { Knock, UfwWorld } from './world.ts'

const file = new URL('./passages.json', import.meta.url)
/** Whose connections Debian's ufw let through, on a machine that took them. */
const recorded: Readonly<Record<string, readonly string[]>> = JSON.parse(readFileSync(file, 'utf8'))

const [first, last, other, first6, other6] = ['173.245.48.7', '173.245.63.250', '104.16.0.7', '2400:cb00::7', '2606:4700::7']
const strangers = ['203.0.113.9', '2001:db8:1::9']
const knocks: readonly Knock[] = [443, 80, 22].flatMap((port) =>
  [first, last, other, first6, other6, ...strangers].map((from) => ({ from, port })),
)
const range = '173.245.48.0/20'
const range6 = '2400:cb00::/32'
const ssh = 'allow 22/tcp'

/** Puts a line in front of the last one of a file of UFW's. */
const before = (file: 'before' | 'before6', line: string): string =>
  `sed -i 's|^COMMIT$|-A ufw${file === 'before6' ? '6' : ''}-before-input ${line}\\nCOMMIT|' /etc/ufw/${file}.rules\n`

/** Lines of ufw as people have them. */
const arrangements: Readonly<Record<string, readonly string[]>> = {
  'rules of IPv6 alone': [ssh, `allow from ${range6} to any port 443 proto tcp`, 'allow from 2606:4700::/32 to any port 443 proto tcp'],
  'a refusal before, a refusal behind': [
    'deny from 173.245.48.0/24 to any port 443 proto tcp',
    ssh,
    `allow from ${range} to any port 443 proto tcp`,
    'deny 443/tcp',
    'allow from 104.16.0.0/13 to any port 443 proto tcp',
  ],
  'a refusal put in front by number': [ssh, 'allow 443/tcp', `insert 1 deny from ${range}`, 'insert 3 reject 80/tcp'],
  'a refusal of IPv6 put in front': [ssh, 'allow 443', 'prepend deny from 2400:cb00::/32 to any port 443 proto tcp'],
  'a rule taken away by number': [ssh, 'allow 443/tcp', 'allow 80/tcp', '--force delete 2', '--force delete 4'],
  'comments that speak of rules': [
    `allow 22/tcp comment 'deny from any to any port 22'`,
    `allow from ${range} to any port 443 proto tcp comment "cloudflare comment (v6) # 443"`,
    `deny from ${range6} to any port 443 proto tcp comment 'allow in on eth0'`,
  ],
  'an interface that leads outside, one that does not': [
    'allow in on eth0 to any port 443 proto tcp',
    'allow in on wg0',
    'allow in on lo to any port 80 proto tcp',
    `allow in on eth0 from ${range6} to any port 80 proto tcp`,
  ],
  'profiles, one for a source': [
    'allow OpenSSH',
    `allow from ${range} to any app 'WWW Full'`,
    `allow in on eth0 from ${range6} to any app 'WWW Secure'`,
    "deny 'WWW'",
  ],
  'limit in place of allow': [
    'limit proto tcp from 0.0.0.0/0 to any port 22',
    'limit proto tcp from 0.0.0.0/0 to any port 443',
    `limit from ${range} to any port 80 proto tcp`,
  ],
  'UDP alone, as HTTP/3 wants it': [ssh, 'allow 443/udp', `allow from ${range} to any port 443 proto udp`, 'allow 80'],
  'a list of ports, and a span': [`allow from ${range} to any port 80,443 proto tcp`, 'allow 20:25/tcp', 'deny 440:450/tcp'],
  'whole addresses, as zero and a mask': [
    ssh,
    'allow from 0.0.0.0/0 to any port 443 proto tcp',
    'allow from ::/0 to any port 80 proto tcp',
    'allow from 173.245.48.0/255.255.240.0 to any port 80 proto tcp',
  ],
  'a policy of allow, and refusals': ['default allow incoming', `deny from ${range} to any port 443`, 'deny 80/tcp', ssh],
  'a policy of reject': ['default reject incoming', ssh, `allow from ${range} to any port 443 proto tcp`],
  "the node's own address, and another": [
    ssh,
    'allow from any to 178.104.247.152 port 443 proto tcp',
    'allow from any to 10.0.0.9 port 80 proto tcp',
    `allow from ${range6} to fd00::1 port 443 proto tcp`,
    `allow from 2606:4700::/32 to 2a01:4f8::152 port 443 proto tcp`,
  ],
  'another public address': [
    ssh,
    'allow from any to 198.51.100.200 port 443 proto tcp',
    'allow from any to 178.104.0.0/16 port 80 proto tcp',
  ],
  'everything of a source, and a piece of it refused': [
    `allow from ${range}`,
    'deny from 173.245.63.0/24',
    'insert 1 deny from 173.245.63.250 to any port 22',
  ],
  'rules for what leaves': [ssh, 'allow out 443/tcp', `allow out to ${range} port 443 proto tcp`, 'deny out 22'],
  'services by name': ['allow ssh', 'allow from any to any port https proto tcp', 'allow http'],
  'every protocol but TCP': [ssh, `allow from ${range} proto esp`, `allow from ${range} proto udp`, `allow from ${range6} proto tcp`],
}

/** What the sandbox's ufw has not: rules of what is passed on, and rules that write to the log. */
const furtherArrangements: Readonly<Record<string, readonly string[]>> = {
  'rules of what is passed on': [
    ssh,
    'route allow in on eth0 out on cni0 to 10.42.0.7 port 443 proto tcp',
    'route allow 443/tcp',
    'route deny from 173.245.48.0/20',
    `allow from ${range} to any port 443 proto tcp`,
  ],
  'rules that write to the log': [
    'allow log 22/tcp',
    `allow log-all from ${range} to any port 443 proto tcp`,
    'deny in on eth0 log from 104.16.0.7',
    'allow in log 80/tcp',
    'logging full',
  ],
  'ports that the sender must have': [ssh, `allow from ${range} port 443 to any port 443 proto tcp`, 'allow from any port 53'],
}

/** Files of UFW's as people have edited them, before it is enabled. */
const edited: Readonly<Record<string, readonly [script: string, ...lines: string[]]>> = {
  'a file of its own that lets everybody in': [before('before', '-p tcp --dport 443 -m conntrack --ctstate NEW -j ACCEPT'), ssh],
  'files of its own that keep a part out, and another open': [
    before('before', `-p tcp -s ${range} -m multiport --dports 80,443 -m comment --comment "not them" -j DROP`) +
      before('before6', `-p tcp -s ${range6} --dport 440:450 -j REJECT`) +
      before('before', '-p tcp -s 104.16.0.0/13 --dport 80 --syn -j ACCEPT'),
    ssh,
    'allow 443/tcp',
  ],
  'a file of its own that speaks of other ports, hosts and interfaces': [
    before('before', '-p tcp --dport 8443 -j ACCEPT') +
      before('before', '-p udp --dport 443 -j ACCEPT') +
      before('before', '-i wg0 -p tcp --dport 443 -j ACCEPT') +
      before('before', '-p tcp -d 10.0.0.9 --dport 80 -j ACCEPT') +
      before('before6', '-i eth0 -p tcp --dport 80 -j ACCEPT'),
    ssh,
    `allow from ${range} to any port 443 proto tcp`,
  ],
  'a line behind the jump to the rules of UFW': [
    `sed -i 's/^COMMIT$/-A ufw-before-input -j ufw-user-input\n-A ufw-before-input -p tcp --dport 80 -j DROP\nCOMMIT/' /etc/ufw/before.rules\n`,
    ssh,
    'allow 80/tcp',
  ],
  'profiles with spans of ports': [
    `printf '[Web Span]\ntitle=t\ndescription=d\nports=80,400:500/tcp|443/udp\n[Far]\ntitle=t\ndescription=d\nports=8000:8100/tcp\n' > /etc/ufw/applications.d/own\n`,
    ssh,
    `allow from ${range} to any app 'Web Span'`,
    'allow Far',
    "insert 1 deny from 173.245.63.0/24 to any app 'Web Span' comment 'app Web Span'",
  ],
  'limit at an interface, numbered in front of a refusal': [
    '',
    ssh,
    `deny from ${range}`,
    'insert 1 limit in on eth0 to any port 443 proto tcp',
    "prepend allow in on eth0 from 2400:cb00::/32 to any port 80 proto tcp comment 'limit 443/tcp'",
  ],
  'IPv6 left alone': ["sed -i 's/^IPV6=.*/IPV6=no/' /etc/default/ufw\n", ssh, 'allow 443/tcp'],
}

const words = ({ from, port }: Knock): string => `${from} at ${port}`

const give =
  (lines: readonly string[], script = '') =>
  async (world: UfwWorld) => {
    const arranged = ['--force enable', ...lines].map(
      (line) => `ufw ${line} > /dev/null 2>&1 || echo "refused: ${line.replaceAll(/["']/g, '')}"`,
    )
    const { command, read } = framed(firewallScript)
    const set = `LANGUAGE=C; export LANGUAGE\n${script}${arranged.join('\n')}\n`
    const { said, through } = await world.knock(`${set}${command}\n`, knocks)
    const firewall = readFirewall(read({ code: 0, stdout: said, stderr: '' })?.stdout ?? '')
    return {
      refused: said.split('\n').filter((line) => line.startsWith('refused: ')),
      through: through.map(words),
      read: knocks.filter(({ from, port }) => passage(from, port, firewall).letIn).map(words),
    }
  }

const caseOf = ([name, lines]: readonly [string, readonly string[]], script = ''): ContractCase<UfwWorld> => ({
  name: `who comes in: ${name}`,
  expected: { refused: [], through: recorded[name], read: recorded[name] },
  give: give(lines, script),
})

export const passageCases: readonly ContractCase<UfwWorld>[] = Object.entries(arrangements).map((one) => caseOf(one))
export const furtherPassageCases: readonly ContractCase<UfwWorld>[] = [
  ...Object.entries(furtherArrangements).map((one) => caseOf(one)),
  ...Object.entries(edited).map(([name, [script, ...lines]]) => caseOf([name, lines], script)),
]

/** Writes down anew whom this ufw lets through. */
export const recordPassages = async (world: UfwWorld): Promise<void> => {
  const answers: Record<string, unknown> = {}
  const all = [...Object.entries(arrangements), ...Object.entries(furtherArrangements)].map(([name, lines]) => [name, '', lines] as const)
  const files = Object.entries(edited).map(([name, [script, ...lines]]) => [name, script, lines] as const)
  for (const [name, script, lines] of [...all, ...files]) {
    await world.reset()
    answers[name] = (await give(lines, script)(world)).through
  }
  writeFileSync(file, `${JSON.stringify(answers, null, 2)}\n`)
}
