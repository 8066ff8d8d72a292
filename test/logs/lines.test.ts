import { expect, test } from 'vitest'
import { hider, privateKeyLines } from '../../src/lib/logs/hide.ts'
import { goesOn, levelOf } from '../../src/lib/logs/level.ts'
import { lineCutter } from '../../src/lib/logs/lines.ts'

const cut = (text: string, piece: number) => {
  const cutter = lineCutter()
  const bytes = Buffer.from(text)
  const lines = []
  for (let at = 0; at < bytes.length; at += piece) lines.push(...cutter.push(bytes.subarray(at, at + piece)))
  return [...lines, ...cutter.end()]
}

test('lines come out whole however their bytes come, with times in UTC to the nanosecond', () => {
  const text = [
    '2026-06-03T22:14:07.123456789Z grün\u2028 und 日本',
    '2026-06-03T22:14:07.5Z ',
    '2026-06-04T00:14:08.000000001+02:00 of a node in another zone',
    '2026-06-03T22:14:09Z no fraction',
    'unable to retrieve container logs for containerd://abc',
  ].join('\n')
  for (const piece of [1, 2, 3, 7, 1000])
    expect(cut(text, piece)).toEqual([
      { at: '2026-06-03T22:14:07.123456789', text: 'grün\u2028 und 日本', more: 0 },
      { at: '2026-06-03T22:14:07.500000000', text: '', more: 0 },
      { at: '2026-06-03T22:14:08.000000001', text: 'of a node in another zone', more: 0 },
      { at: '2026-06-03T22:14:09.000000000', text: 'no fraction', more: 0 },
      { remark: 'unable to retrieve container logs for containerd://abc' },
    ])
})

test('of a line of a megabyte 64 KiB are held, and how much there was more is known; the next line is whole', () => {
  const long = 'ü'.repeat(524_288)
  for (const piece of [65_536, 100_000, 3_000_000]) {
    const [first, second] = cut(`2026-06-03T22:14:07Z ${long}\n2026-06-03T22:14:08Z after\n`, piece)
    if (!first || !('text' in first)) throw new Error('no line')
    expect(Buffer.byteLength(first.text) + first.more + 21).toBeGreaterThanOrEqual(1_048_576)
    expect([first.text.length, /^ü+$/.test(first.text)]).toEqual([Math.floor((65_536 - 21) / 2), true])
    expect(second).toMatchObject({ text: 'after', more: 0 })
  }
})

test('a private key over several lines is hidden as a whole; what comes after it is not', () => {
  const within = privateKeyLines()
  const hide = hider([])
  const lines = ['-----BEGIN RSA PRIVATE KEY-----', 'MIIEowIBAAKCAQEA7', 'q1w2e3==', '-----END RSA PRIVATE KEY-----', 'after', 'MIIEow']
  expect(lines.map((line) => (within(line) ? '••••' : hide(line)))).toEqual(['••••', '••••', '••••', '••••', 'after', 'MIIEow'])
  // One that never ends hides no more than what looks like it.
  const begun = privateKeyLines()
  expect(['-----BEGIN PRIVATE KEY-----', 'MIIEow', 'listening on :8000', 'MIIEow'].map(begun)).toEqual([false, true, false, false])
})

test('a secret is hidden by its value, by its name and by its look', () => {
  const hide = hider(['s3cret-value'])
  expect(hide('connecting with s3cret-value')).toBe('connecting with ••••')
  expect(hide('two words', 'db_password')).toBe('••••')
  expect(hide('two words', 'user')).toBe('two words')
  expect(hide('postgres://app:hunter22@db/app')).toBe('postgres://app:••••@db/app')
})

test('no line takes long to be hidden, whoever wrote it', () => {
  const hide = hider(['s3cret-value'])
  const size = 64 * 1024
  const began = process.cpuUsage().user
  for (const part of ['a.', 'eyJ-', '((', 'password ', '-----BEGIN A', 'a://', 'bearer  ', 'x="\\']) {
    const text = part.repeat(size / part.length)
    hide(text)
    goesOn(text)
    levelOf(text)
  }
  // Each of them took seconds where a pattern went back over the line from every place.
  expect((process.cpuUsage().user - began) / 1e6).toBeLessThan(2)
})
