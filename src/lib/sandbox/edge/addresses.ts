import { BlockList, isIPv6 } from 'node:net'

/** Whether a source rule of ufw (`any`, an address or a range) means this address. */
export function covers(range: string, address: string): boolean {
  if (range === 'any') return true
  const [net = '', bits] = range.split('/')
  const family = isIPv6(net) ? 'ipv6' : 'ipv4'
  if ((family === 'ipv6') !== isIPv6(address)) return false
  if (bits === undefined) return net === address
  const list = new BlockList()
  list.addSubnet(net, Number(bits), family)
  return list.check(address, family)
}

/** The nth address of an IPv4 range that a machine could have. */
export function addressIn(range: string, n: number): string {
  const [net = '0.0.0.0', bits = '32'] = range.split('/')
  const base = net.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  const size = 2 ** (32 - Number(bits))
  const value = base + 1 + (n % Math.max(1, size - 2))
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.')
}
