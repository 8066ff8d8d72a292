import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { named, namedInShell, variablesOf } from './logical-names.ts'

const names = { USER_ID: '37', CHECKOUT: '/srv/checkout' }

/** What a shell makes of the words of a line. */
const words = (line: string): readonly string[] =>
  execFileSync('sh', ['-c', `USER_ID=37 CHECKOUT=/srv/checkout; printf '%s\\0' ${line}`], { encoding: 'utf8' })
    .split('\0')
    .slice(0, -1)

test.each([
  'del residence_ids_user:37',
  `sh -c 'redis-cli unlink residence_ids_user:37'`,
  `-c 'SELECT 1 WHERE id = 37 AND state = '\\''idle'\\'' AND name = '\\''37'\\'''`,
  'edit "/srv/checkout/deploy-k3s/config.yaml"',
  'edit /srv/checkout/deploy-k3s/config.yaml \\"37',
])('a shell reads the template as it read the line: %s', (line) => {
  const template = namedInShell(line, names)
  expect(template).not.toMatch(/\b37\b|srv/)
  expect(words(template)).toEqual(words(line))
})

test('a value inside a word or a longer number is left alone', () => {
  expect(named('user 37 has 370 keys, 1.37 MB, x37, and key:37.', names)).toBe(
    'user $USER_ID has 370 keys, 1.37 MB, x37, and key:$USER_ID.',
  )
})

test('variables are those that the shell expands, not those of an inner one', () => {
  expect(variablesOf(`psql "$PGURL" -c 'SELECT '"$PID"'' && sh -c 'echo "$INNER"'`)).toEqual(['PGURL', 'PID'])
})
