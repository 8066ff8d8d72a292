import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { apr1, apr1Has } from '../src/lib/apr1.ts'

test.each([
  ['a', 'x'],
  ['hello world', 'abcdefgh'],
  [`h${'0123456789abcdef'.repeat(3)}`, 'Zz./9'],
  ['a long one, longer than one block of MD5 has, and one byte more than four of its sixteens', 'saltsalt'],
])('of %s it is what openssl makes', (password, salt) => {
  const made = execFileSync('openssl', ['passwd', '-apr1', '-salt', salt, '-stdin'], { input: password }).toString().trim()
  expect(apr1(password, salt)).toBe(made)
  expect([apr1Has(made, password), apr1Has(made, `${password}.`)]).toEqual([true, false])
})

test('what is hashed in another way is not judged', () => {
  expect(apr1Has('{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=', 'test')).toBeUndefined()
  expect(apr1Has('$2y$05$abcdefghijklmnopqrstuuNcJ0zq9nWIkQx9bEBcA2s7E3pG0tS1u', 'test')).toBeUndefined()
})
