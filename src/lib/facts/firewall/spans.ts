import { isIPv4, isIPv6 } from 'node:net'

/** Addresses from `first` to `last`, as numbers of one family. */
export interface Span {
  readonly family: 4 | 6
  readonly first: bigint
  readonly last: bigint
}

const bitsOf = { 4: 32, 6: 128 } as const

/** The addresses of a source as UFW writes it: `any`, an address or a CIDR range; none for what is neither. */
export const spansOf = (source: string): readonly Span[] => {
  if (source === 'any') return [...spansOf('0.0.0.0/0'), ...spansOf('::/0')]
  const [address = '', mask] = source.split('/')
  const family = isIPv4(address) ? 4 : isIPv6(address) ? 6 : undefined
  if (family === undefined) return []
  const bits = mask === undefined ? bitsOf[family] : Number(mask)
  if (!Number.isInteger(bits) || bits < 0 || bits > bitsOf[family]) return []
  const size = 1n << BigInt(bitsOf[family] - bits)
  const number = family === 4 ? number4(address) : number6(address)
  const first = number - (number % size)
  return [{ family, first, last: first + size - 1n }]
}

const number4 = (address: string): bigint => address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n)

const number6 = (address: string): bigint => {
  const [head = '', tail] = address.split('::')
  const words = (part: string): readonly bigint[] =>
    part === '' ? [] : part.split(':').flatMap((word) => (word.includes('.') ? halves(number4(word)) : [BigInt(`0x${word}`)]))
  const [before, after] = [words(head), words(tail ?? '')]
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0n)
  return [...before, ...zeros, ...after].reduce((sum, word) => sum * 65_536n + word, 0n)
}

const halves = (number: bigint): readonly bigint[] => [number / 65_536n, number % 65_536n]

const meet = (one: Span, other: Span): boolean => one.family === other.family && one.first <= other.last && other.first <= one.last

/** What is left of some addresses without others. */
export const without = (spans: readonly Span[], others: readonly Span[]): readonly Span[] =>
  others.reduce<readonly Span[]>((left, other) => left.flatMap((span) => (meet(span, other) ? cut(span, other) : [span])), spans)

const cut = (span: Span, { first, last }: Span): readonly Span[] => [
  ...(span.first < first ? [{ ...span, last: first - 1n }] : []),
  ...(span.last > last ? [{ ...span, first: last + 1n }] : []),
]

/** Whether two sources have an address in common. */
export const overlap = (spans: readonly Span[], others: readonly Span[]): boolean =>
  spans.some((span) => others.some((other) => meet(span, other)))
