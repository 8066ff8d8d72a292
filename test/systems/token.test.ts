import { expect, test } from 'vitest'
import { Unreachable } from '../../src/lib/errors.ts'
import { cloudflareToken, neonKey, readToken, type TokenKind } from '../../src/lib/systems/token.ts'

const secret = 'PLANTED-token'
const node = (script: string): readonly string[] => [process.execPath, '-e', script]
const refused = async (command: readonly string[] | undefined, kind: TokenKind = cloudflareToken): Promise<Unreachable> => {
  const error: unknown = await readToken(kind, { command, variable: undefined }).catch((thrown: unknown) => thrown)
  if (error instanceof Unreachable) return error
  throw error
}

test('the command of the environment comes before the variable, and no shell reads it', async () => {
  expect((await readToken(cloudflareToken, { command: undefined, variable: `${secret}\n` })).reveal()).toBe(secret)
  const printed = await readToken(cloudflareToken, { command: node('console.log(process.argv[1])').concat('$HOME;x'), variable: 'other' })
  expect(printed.reveal()).toBe('$HOME;x')
})

test('each way of having none has its code', async () => {
  const codes = await Promise.all([
    refused(undefined),
    refused(node('')),
    refused(node(`console.log('${secret} and more')`)),
    refused(['no-such-program-of-ours']),
    refused(node(`console.log('${secret}'); console.error('${secret}'); process.exit(3)`)),
    refused(node(`console.log('${secret}'.repeat(9000))`)),
  ])
  expect(codes.map(({ code }) => code)).toEqual([
    'cloudflare-no-token',
    'cloudflare-no-token',
    'cloudflare-token',
    'cloudflare-token-command',
    'cloudflare-token-command',
    'cloudflare-token-command',
  ])
  expect(codes[4]?.likely).toBe('it exited with 3')
  for (const error of codes)
    expect([JSON.stringify(error), error.message, error.stack, String(error.cause)].join()).not.toContain('PLANTED')
})

test('each kind of token is named by its own variable and setting', async () => {
  const error = await refused(undefined, neonKey)
  expect([error.code, error.failed]).toEqual(['neon-no-token', 'There is no Neon API key'])
  expect(error.next).toBe('export NEON_API_KEY, or set neon.api_key_command in the configuration')
})
