import { isIP } from 'node:net'

/** One user rule of UFW, as `ufw show added` has it. */
export interface FirewallRule {
  readonly action: string
  /** in or out. */
  readonly direction: string
  /** `any`, an address or a CIDR range. */
  readonly from: string
  readonly to: string
  /** `any`, `443`, `80,443` or `8000:9000`. */
  readonly port: string
  /** tcp, udp or any. */
  readonly protocol: string
  readonly comment?: string
  /** The application profile that `port` and `protocol` are of: its TCP ports, where it has some. */
  readonly profile?: string
  /** It holds for what comes in at this interface alone. */
  readonly interface?: string
  /** It holds for this port of the sender alone. */
  readonly sourcePort?: string
  /** It holds for one family alone, although its words name none. */
  readonly family?: 4 | 6
  /** It stands before UFW's own, in this file: UFW neither shows nor deletes it. */
  readonly file?: 'before.rules' | 'before6.rules'
  /** It is about what is passed on to others. */
  readonly routed?: true
  /** The rule as `ufw delete` takes it, without its comment. */
  readonly spec: string
  /** False where it says what these fields cannot: a profile whose ports are not known, a word that is none of UFW's. */
  readonly known: boolean
}

/** Lets a range in at one port. */
export interface SourceRule {
  /** An address or CIDR range. */
  readonly source: string
  readonly port: number
  readonly protocol: 'tcp' | 'udp'
}

/** The TCP and UDP ports of an application profile, as `ufw app info` lists them: `80,443/tcp`, `53`. */
export type Profiles = ReadonlyMap<string, readonly string[]>

type Ports = Pick<FirewallRule, 'port' | 'protocol'>

const words = /'[^']*'|\S+/g
const protocols = new Set(['tcp', 'udp', 'any', 'ah', 'esp', 'gre', 'igmp', 'ipv6'])
const actions = new Set(['allow', 'deny', 'reject', 'limit'])
const ports = /^\d+(:\d+)?(,\d+(:\d+)?)*$/

/** Nothing but these goes into a command line: whatever a rule says beside them was written by somebody else. */
export const plainWords = /^[\w.:/ -]+$/

const isSource = (text: string): boolean => {
  const [address = '', mask = '0'] = text.split('/')
  return text === 'any' || (isIP(address) !== 0 && /^\d{1,3}$/.test(mask))
}

/** What a profile opens by TCP; by UDP where it has nothing else. Undefined where it is not known. */
const portsOf = (profile: string, profiles: Profiles): Ports | undefined => {
  const lines = profiles.get(profile)?.map((line) => line.split('/'))
  if (!lines || lines.length === 0 || !lines.every(([port = '']) => ports.test(port))) return undefined
  const tcp = lines.filter(([, protocol]) => protocol !== 'udp')
  const port = (tcp.length > 0 ? tcp : lines).map(([one]) => one).join(',')
  return { port, protocol: tcp.length === 0 ? 'udp' : tcp.every(([, protocol]) => protocol === 'tcp') ? 'tcp' : 'any' }
}

/** One line of `ufw show added` without its "ufw": `allow from 173.245.48.0/20 to any port 443 proto tcp comment 'cloudflare'`. */
export const readRule = (line: string, profiles: Profiles = new Map()): FirewallRule => {
  const [spec = '', comment] = line.split(/ comment (?=')/)
  const rule = { action: '', direction: 'in', from: 'any', to: 'any', port: 'any', protocol: 'any' }
  const more: { interface?: string; profile?: string; sourcePort?: string; routed?: true } = {}
  const rest = spec.match(words) ?? []
  const take = () => (rest.shift() ?? '').replace(/^'|'$/g, '')
  let known = true
  const opens = (profile: string) => {
    more.profile = profile
    const found = portsOf(profile, profiles)
    if (found) Object.assign(rule, found)
    else known = false
  }
  if (rest[0] === 'route') {
    take()
    more.routed = true
  }
  rule.action = take()
  while (rest.length > 0) {
    const word = take()
    if (word === 'in' || word === 'out') rule.direction = more.routed ? rule.direction : word
    else if (word === 'on') more.interface = take()
    else if (word === 'log' || word === 'log-all') continue
    else if (word === 'from' || word === 'to') {
      rule[word] = take()
      const kind = rest[0]
      if (kind !== 'port' && kind !== 'app') continue
      take()
      const value = take()
      if (word === 'from') more.sourcePort = value
      else if (kind === 'app') opens(value)
      else rule.port = value
    } else if (word === 'proto') rule.protocol = take()
    else if (/^[\d,:]+(\/(tcp|udp))?$/.test(word)) {
      const [port = 'any', protocol = 'any'] = word.split('/')
      Object.assign(rule, { port, protocol })
    } else opens(word)
  }
  const readable =
    actions.has(rule.action) &&
    isSource(rule.from) &&
    isSource(rule.to) &&
    (rule.port === 'any' || ports.test(rule.port)) &&
    protocols.has(rule.protocol)
  return { ...rule, ...more, spec, known: known && readable, ...(comment !== undefined && { comment: comment.replace(/^'|'$/g, '') }) }
}

/** A row as `iptables -nv` prints it: packets, bytes, target, protocol, options, in, out, source, destination, and what else must fit. */
const row = /^\s*\d\S*\s+\d\S*\s+(\S+)\s+(\S+)\s+\S+\s+(\S+)\s+\S+\s+(\S+)\s+(\S+)\s*(.*)$/
const everybody = new Set(['0.0.0.0/0', '::/0'])
const verdicts: Readonly<Record<string, string>> = { ACCEPT: 'allow', DROP: 'deny', REJECT: 'reject' }
const protocolNames: Readonly<Record<string, string>> = { 0: 'any', all: 'any', 6: 'tcp', tcp: 'tcp' }

/**
 * One row of the chain that is asked before UFW's own rules, where it may decide about new TCP connections from outside; undefined for what cannot. A row that says more
 * than is read here is not known.
 */
export const readBeforeRow = (line: string, family: 4 | 6): FirewallRule | undefined => {
  const [found, target = '', number = '', device = '*', from = '', to = '', extra = ''] = row.exec(line) ?? []
  const protocol = protocolNames[number]
  const more = extra.replaceAll(/\/\*.*?\*\//g, ' ').trim()
  const states = /\b(?:ctstate|state) (\S+)/.exec(more)?.[1]
  if (found === undefined || protocol === undefined || device === 'lo' || target.startsWith('ufw') || target === 'LOG') return undefined
  // Packets of a connection that stands, or of none, and IPv6's own headers.
  if ((states !== undefined && !states.split(',').includes('NEW')) || more.startsWith('rt type:')) return undefined
  const port = /\bdpts?:([\d:]+)/.exec(more)?.[1] ?? /\bmultiport dports ([\d,:]+)/.exec(more)?.[1]
  const sourcePort = /\bspts?:([\d:]+)/.exec(more)?.[1] ?? /\bmultiport sports ([\d,:]+)/.exec(more)?.[1]
  const rest = more
    .replace(
      /\b(?:dpts?|spts?):[\d:]+|\bmultiport [sd]ports [\d,:]+|\b(?:ctstate|state) \S+|\breject-with \S+|\bflags:(?:0x17\/0x02|FIN,SYN,RST,ACK\/SYN)/g,
      '',
    )
    .replace(/\btcp\b/, '')
    .trim()
  const said = more.replace(/\breject-with \S+|^tcp /g, '').trim()
  const [source, destination] = [from, to].map((one) => (everybody.has(one) ? 'any' : one)) as [string, string]
  const file = family === 6 ? 'before6.rules' : 'before.rules'
  return {
    action: verdicts[target] ?? target,
    direction: 'in',
    from: source,
    to: destination,
    port: port ?? 'any',
    protocol,
    ...(device !== '*' && { interface: device }),
    ...(sourcePort !== undefined && { sourcePort }),
    family,
    file,
    spec: `${[`${target} ${protocol}`, ...(source === 'any' ? [] : [`from ${source}`]), ...(destination === 'any' ? [] : [`to ${destination}`]), ...(device === '*' ? [] : [`in at ${device}`]), ...(said === '' ? [] : [said])].join(' ')} in /etc/ufw/${file}`,
    known: verdicts[target] !== undefined && rest === '' && isSource(source) && isSource(destination),
  }
}

/** True where the rule speaks of what comes in at this TCP port; one that cannot be read is taken to. */
export const coversPort = ({ known, routed, protocol, port, direction }: FirewallRule, wanted: number): boolean => {
  if (direction === 'out' || routed || !(protocol === 'tcp' || protocol === 'any')) return false
  return !known || portsIn(port, wanted)
}

const portsIn = (port: string, wanted: number): boolean =>
  port.split(',').some((part) => {
    const [first = '', last = first] = part.split(':')
    return part === 'any' || (Number(first) <= wanted && wanted <= Number(last))
  })

/** True for a rule of 80 and 443 alone: without it neither SSH nor the cluster's own ports are shut. */
export const isOfTheWeb = ({ known, port, protocol, routed, profile, file }: FirewallRule): boolean =>
  known &&
  file === undefined &&
  !routed &&
  profile === undefined &&
  ['tcp', 'udp', 'any'].includes(protocol) &&
  port.split(',').every((one) => one === '80' || one === '443')
