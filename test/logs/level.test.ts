import { expect, test } from 'vitest'
import { goesOn, levelOf, levelOfValue } from '../../src/lib/logs/level.ts'
import { saidIn } from '../../src/lib/logs/record.ts'

const levelIn = (line: string) => saidIn(line, (text) => text).level

test('the level that a line says, in the ways of those who write logs', () => {
  const said: readonly (readonly [line: string, level: string | undefined])[] = [
    // zap, zerolog, slog, pino, Google's severity.
    ['{"level":"warn","ts":1700000000.1,"msg":"slow"}', 'warn'],
    ['{"level":"dpanic","msg":"x"}', 'fatal'],
    ['{"time":"2026-06-03T22:14:07Z","level":"ERROR","msg":"x"}', 'error'],
    ['{"time":"2026-06-03T22:14:07Z","level":"INFO+2","msg":"x"}', 'info'],
    ['{"level":50,"msg":"x"}', 'error'],
    ['{"severity":"CRITICAL","message":"x"}', 'fatal'],
    ['{"msg":"no level"}', undefined],
    ['2026-06-03T22:14:07.000Z\tERROR\tmailer/send.go:31\tno route\t{"to": "x"}', 'error'],
    ['10:14PM WRN cannot reach redis attempt=2', 'warn'],
    ['\u001b[90m10:14PM\u001b[0m \u001b[31mERR\u001b[0m cannot reach redis', 'error'],
    ['time=2026-06-03T22:14:07.000Z level=ERROR msg="x"', 'error'],
    ['ts=2026-06-03T22:14:07.000Z caller=x level=info msg=x', 'info'],
    // klog, Go, asynq, Redis, PostgreSQL, Rails, Next.js.
    ['W0603 22:14:07.123456       1 reflector.go:539] failed to list', 'warn'],
    ['2026/06/03 22:14:07 listening on :8000', undefined],
    ['2026/06/03 22:14:07 [error] connect failed', 'error'],
    ['2026/06/03 22:14:07 ERROR: relation "x" does not exist', 'error'],
    ['2026/06/03 22:14:07 errors are rare', undefined],
    ['asynq: pid=1 2026/06/03 22:14:07.000000 WARN: Retry exhausted', 'warn'],
    ['1:M 03 Jun 2026 22:14:07.123 # Out of memory', 'warn'],
    ['1:M 03 Jun 2026 22:14:07.123 * Ready to accept connections', 'info'],
    ['E, [2026-06-03T22:14:07.123456 #12] ERROR -- : no route', 'error'],
    [' ⨯ Error: connect ECONNREFUSED', 'error'],
    [' ⚠ Fast Refresh had to reload', 'warn'],
    ['warn  - Invalid next.config.js options', 'warn'],
    ['TypeError: Cannot read properties of undefined', 'error'],
    ['panic: runtime error: index out of range [3]', 'fatal'],
    ['info about something', undefined],
    ['', undefined],
  ]
  expect(said.map(([line]) => [line, levelIn(line)])).toEqual(said)
  expect([levelOfValue(3), levelOfValue(true), levelOf('plain')]).toEqual([undefined, undefined, undefined])
})

test('the frames of a stack go on with what was said before; a sentence does not', () => {
  expect(['goroutine 1 [running]:', '\tmain.go:12 +0x1d', 'main.main()', '    at send (mail.js:3)', 'exit status 2'].map(goesOn)).toEqual(
    Array(5).fill(true),
  )
  expect(['listening on :8000', 'GET /api/health/ 200'].map(goesOn)).toEqual([false, false])
})

test('a JSON line is its message, then what else it has; its time is the one before it', () => {
  const said = saidIn('{"ts":1.5,"level":"info","msg":"served","user":{"id":7,"token":"abcdef"},"took":"3 ms"}', (text, name) =>
    name === 'token' ? '••••' : text,
  )
  expect(said).toEqual({
    level: 'info',
    message: 'served',
    fields: [
      ['user', { id: 7, token: '••••' }],
      ['took', '3 ms'],
    ],
  })
  // What only looks like it stays as it is.
  expect(saidIn('{not json}', (text) => text)).toEqual({ level: undefined, message: '{not json}', fields: [] })
  expect(saidIn(`{"msg":"cut`, (text) => text).message).toBe('{"msg":"cut')
})
