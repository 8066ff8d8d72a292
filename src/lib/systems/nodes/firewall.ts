import { isIP, isIPv6 } from 'node:net'
import { type FirewallRule, type Profiles, readBeforeRow, readRule } from '../../firewall-rule.ts'
import { sayNoSudo } from './script.ts'
import type { Firewall } from './types.ts'

// One round trip. `show added` has every rule with its comment, while UFW is inactive too; `status verbose` has the policy, and the order of the
// IPv6 rules. Profiles cost another start of Python: they are asked for only where a rule names one. What stands before all of
// them in files of UFW's is shown by another start still: where a file is no longer as long as its package brought it.
export const firewallScript = `
status=$(root ufw status verbose) && added=$(root ufw show added) || exit
echo "$status" | sed 's/^/status /'
echo "$added" | sed -n 's/^ufw /rule /p'
if echo "$added" | grep -qE "^ufw (route )?[a-z]+ .*app |^ufw [a-z]+ ((in|out) )?((log|log-all) )?('[^']*'|[^0-9' ][^ ]*)( comment '.*)?$"
then root ufw app info all 2>/dev/null | sed 's/^/profile /'; fi
own() { [ "$(stat -c %s "/etc/ufw/$1" 2>/dev/null)" != "$(stat -c %s "/usr/share/ufw/iptables/$1" 2>/dev/null)" ]; }
if own before.rules || own before6.rules
then root ufw show before-rules 2>/dev/null | sed -n '/^Chain ufw6\\{0,1\\}-before-input /,/^$/s/^/before /p'; fi
sed -n 's/^IPV6=/ipv6 /p' /etc/default/ufw 2>/dev/null
ip -o addr show scope global 2>/dev/null | sed -n 's/^[0-9]*: \\([^ ]*\\) *inet6\\{0,1\\} \\([^/ ]*\\).*/address \\1 \\2/p'
for family in -4 -6; do ip $family -o route show default 2>/dev/null | sed -n 's/.* dev \\([^ ]*\\).*/interface \\1/p'; done
${sayNoSudo}
echo "ssh $SSH_CONNECTION"
`

/** Reads what the script printed, in whatever language: the policy by its form, and an active UFW by having one. */
export const readFirewall = (stdout: string): Firewall => {
  const lines = stdout.split('\n')
  const all = (name: string) => lines.flatMap((line) => (line.startsWith(`${name} `) ? [line.slice(name.length + 1)] : []))
  const status = all('status')
  const [, incoming] = status.flatMap((line) => /(\w+) \([^()]+\), (\w+) \([^()]+\), (\w+) \([^()]+\)\s*$/.exec(line) ?? [])
  const profiles = readProfiles(all('profile'))
  const rows = readRows(status)
  const rules = all('rule').map((line) => ofItsFamily(readRule(line.trim(), profiles), rows))
  const before = readBefore(all('before'))
  const interfaces = [...new Set(all('interface').map((name) => name.trim()))]
  const addresses = all('address').map((line) => line.split(' '))
  const [client, , , port] = (all('ssh')[0] ?? '').split(' ')
  return {
    active: incoming !== undefined,
    incoming: incoming ?? 'unknown',
    rules: [...before, ...rules],
    rules6: [...before.filter(({ family }) => family === 6), ...inOrder6(rules, rows)],
    ipv6: !all('ipv6').some((value) => /no/i.test(value)),
    interfaces,
    addresses: addresses.flatMap(([device = '', address]) => (address && interfaces.includes(device) ? [address] : [])),
    ...(client && Number(port) > 0 && { ssh: { client, port: Number(port) } }),
  }
}

/** `ufw app info all`: blocks between lines of `--`, the name in the first line, the ports indented. */
const readProfiles = (lines: readonly string[]): Profiles => {
  const blocks = lines.join('\n').split(/^--$/m)
  return new Map(
    blocks.flatMap((block) => {
      const [first = '', ...rest] = block.trim().split('\n')
      const name = first.slice(first.indexOf(':') + 1).trim()
      return name === '' ? [] : [[name, rest.filter((line) => line.startsWith('  ')).map((line) => line.trim())] as const]
    }),
  )
}

/** Both chains as they are asked before UFW's own rules, IPv4 first. */
const readBefore = (lines: readonly string[]): readonly FirewallRule[] => {
  let family: 4 | 6 = 4
  let over = false
  return lines.flatMap((line) => {
    const chain = /^Chain ufw(6?)-/.exec(line)
    if (chain) {
      family = chain[1] === '6' ? 6 : 4
      over = false
    }
    // What is behind their jump to UFW's own is asked after those.
    over ||= /\sufw6?-user-input\s/.test(line)
    return over ? [] : (readBeforeRow(line, family) ?? [])
  })
}

/** A row of the status table: To, action and direction, From. */
const row = /^(.*?\S)\s+(ALLOW|DENY|REJECT|LIMIT) (IN|OUT|FWD)\s+(.*?)\s*(?:#.*)?$/

/** The rows of the table as `asRow` has them, by family. */
type Rows = Readonly<Record<4 | 6, readonly string[]>>

const isOf6 = (place: string): boolean => place.includes('(v6)') || place.split(/[ /]/).some((word) => isIPv6(word))

const readRows = (status: readonly string[]): Rows => {
  const rows = status.flatMap((line) => {
    const [found, to = '', action = '', way = '', from = ''] = row.exec(line) ?? []
    const text = [action, way, to, from].join(' ').replaceAll(' (v6)', '')
    return found === undefined ? [] : [{ text, family: isOf6(to) || isOf6(from) ? (6 as const) : (4 as const) }]
  })
  const of = (wanted: 4 | 6) => rows.flatMap(({ text, family }) => (family === wanted ? [text] : []))
  return { 4: of(4), 6: of(6) }
}

/** A rule from 0.0.0.0/0 or ::/0 is shown as one for anybody: the table alone tells that it is of one family. */
const ofItsFamily = (rule: FirewallRule, rows: Rows): FirewallRule => {
  if (rule.routed || [rule.from, rule.to].some((one) => isIP(one.split('/')[0] ?? '') !== 0)) return rule
  const [in4, in6] = [rows[4].includes(asRow(rule)), rows[6].includes(asRow(rule))]
  return in4 === in6 ? rule : { ...rule, family: in4 ? 4 : 6 }
}

/** The rules in the order in which they meet IPv6: `show added` puts those of IPv6 alone last, wherever they stand. */
const inOrder6 = (rules: readonly FirewallRule[], { 6: rows }: Rows): readonly FirewallRule[] => {
  const of6 = rules.filter(({ from, to, routed }) => !routed && ![from, to].some((one) => one.includes('.')))
  const place = (rule: FirewallRule): number => {
    const at = rows.indexOf(asRow(rule))
    // Where the table does not tell, a refusal of IPv6 alone is taken to come first.
    if (at >= 0) return at
    return ['deny', 'reject'].includes(rule.action) && [rule.from, rule.to].some((one) => one.includes(':')) ? -1 : rows.length
  }
  return [...of6].sort((one, other) => place(one) - place(other))
}

const asRow = ({ action, direction, from, to, port, protocol, profile, interface: device }: FirewallRule): string => {
  const on = device === undefined ? '' : ` on ${device}`
  const end = protocol === 'any' ? '' : `/${protocol}`
  const place = [...(to === 'any' ? [] : [to]), ...(port === 'any' ? [] : [`${port}${end}`])].join(' ') || 'Anywhere'
  const source = from === 'any' ? 'Anywhere' : `${from}${port === 'any' ? end : ''}`
  const named = profile === undefined ? place : `${place} (${profile})`
  return [action.toUpperCase(), direction === 'out' ? 'OUT' : 'IN', `${named}${on}`, source].join(' ')
}
