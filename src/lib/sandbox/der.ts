/** ASN.1 in DER as certificates are written in it: a tag, a length, and what stands in it. Writing the few that a sandbox starts with through a library was a third of its start. */
export const der = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const size = parts.reduce((sum, part) => sum + part.length, 0)
  return Buffer.concat([Buffer.from([tag, ...lengthOf(size)]), ...parts])
}

/** Below 128 in one byte, else behind the number of its bytes. */
const lengthOf = (size: number): readonly number[] => {
  if (size < 0x80) return [size]
  const bytes: number[] = []
  for (let rest = size; rest > 0; rest >>>= 8) bytes.unshift(rest & 0xff)
  return [0x80 | bytes.length, ...bytes]
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts)
const setOf = (...parts: readonly Uint8Array[]): Buffer => der(0x31, ...parts)
export const octets = (...parts: readonly Uint8Array[]): Buffer => der(0x04, ...parts)
const utf8 = (text: string): Buffer => der(0x0c, Buffer.from(text))
/** `unused`: how many bits at the end of the last byte are none. */
export const bits = (content: Uint8Array, unused = 0): Buffer => der(0x03, Buffer.from([unused]), content)
/** A whole number that is not negative, from its bytes. */
export const integer = (content: Uint8Array): Buffer => der(0x02, (content[0] ?? 0) >= 0x80 ? Buffer.from([0]) : Buffer.alloc(0), content)
export const truth = der(0x01, Buffer.from([0xff]))

/** `2.5.29.14`: the first two numbers in one byte, each other one in groups of seven bits. */
export const identifier = (dotted: string): Buffer => {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = rest.flatMap((number) => {
    const groups = [number & 0x7f]
    for (let left = number >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80)
    return groups
  })
  return der(0x06, Buffer.from([40 * first + second, ...bytes]))
}

/** To the second; from 2050 on in the longer of the two forms (RFC 5280, 4.1.2.5). */
export const time = (at: Date): Buffer => {
  const digits = at.toISOString().replaceAll(/[-:T]|\.\d+/g, '')
  const year = at.getUTCFullYear()
  return year >= 1950 && year < 2050 ? der(0x17, Buffer.from(digits.slice(2))) : der(0x18, Buffer.from(digits))
}

/** One set for each part, as real ones have it: `O=a, CN=b`. */
export const distinguishedName = (...parts: readonly (readonly [type: string, value: string])[]): Buffer =>
  sequence(...parts.map(([type, value]) => setOf(sequence(identifier(type), utf8(value)))))

export const armoured = (label: string, content: Buffer): string =>
  `-----BEGIN ${label}-----\n${(content.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END ${label}-----\n`
