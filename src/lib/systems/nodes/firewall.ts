import type { Firewall, FirewallRule } from './types.ts'

// One round trip. `show added` has every rule with its comment, while UFW is inactive too; `status verbose` has the policy.
export const firewallScript = `
status=$(root ufw status verbose) && added=$(root ufw show added) || exit
echo "$status" | sed -n 's/^Status: /status /p; s/^Default: /default /p'
echo "$added" | sed -n 's/^ufw /rule /p'
`

/** Reads what the script printed. */
export const readFirewall = (stdout: string): Firewall => {
  const lines = stdout.split('\n')
  const all = (name: string) => lines.flatMap((line) => (line.startsWith(`${name} `) ? [line.slice(name.length + 1).trim()] : []))
  return {
    active: all('status')[0] === 'active',
    incoming: /(\w+) \(incoming\)/.exec(all('default')[0] ?? '')?.[1] ?? 'unknown',
    rules: all('rule').map(readRule),
  }
}

const words = /'[^']*'|\S+/g
const protocols = new Set(['tcp', 'udp'])

/** One line of `ufw show added` without its "ufw": `allow from 173.245.48.0/20 to any port 443 proto tcp comment 'cloudflare'`. */
export const readRule = (line: string): FirewallRule => {
  const [spec = '', comment] = line.split(/ comment (?=')/)
  const rule = { action: '', direction: 'in', from: 'any', to: 'any', port: 'any', protocol: 'any' }
  const rest = spec.match(words) ?? []
  const take = () => rest.shift() ?? ''
  const routed = rest[0] === 'route'
  if (routed) take()
  rule.action = take()
  let known = !routed && ['allow', 'deny', 'reject', 'limit'].includes(rule.action)
  while (rest.length > 0) {
    const word = take()
    if (word === 'in' || word === 'out') rule.direction = word
    else if (word === 'on') {
      take()
      known = false
    } else if (word === 'log' || word === 'log-all') continue
    else if (word === 'from' || word === 'to') {
      rule[word] = take()
      if (rest[0] !== 'port') continue
      take()
      const port = take()
      // A source port says nothing about what is open here.
      if (word === 'to') rule.port = port
    } else if (word === 'proto') rule.protocol = take()
    else if (/^[\d,:]+(\/(tcp|udp))?$/.test(word)) {
      const [port = 'any', protocol = 'any'] = word.split('/')
      rule.port = port
      if (protocols.has(protocol)) rule.protocol = protocol
    } else known = false
  }
  return { ...rule, spec, known, ...(comment !== undefined && { comment: comment.replace(/^'|'$/g, '') }) }
}

/** True where the rule speaks of this TCP port; one that cannot be read (an application profile, an interface) is taken to. */
export const coversPort = ({ known, protocol, port, direction }: FirewallRule, wanted: number): boolean => {
  if (direction === 'out' || protocol === 'udp') return false
  if (!known) return true
  return port.split(',').some((part) => {
    const [first = '', last = first] = part.split(':')
    return part === 'any' || (Number(first) <= wanted && wanted <= Number(last))
  })
}
