import { expect, test } from 'vitest'
import { firstNext } from '../../src/lib/cli/first-next.ts'

const wrong = (next?: string) => ({ level: 'wrong' as const, text: 'x', ...(next !== undefined && { next }) })
const warning = (next: string) => ({ level: 'warning' as const, text: 'x', next })

test.each([
  [
    'the first wrong one, before an earlier warning',
    [warning('honeydue doctor'), wrong('honeydue db:switch-host --to direct')],
    'honeydue db:switch-host --to direct',
  ],
  [
    'a warning where nothing is wrong',
    [warning('honeydue nodes:uncordon --env /tmp/a.yaml hetzner1')],
    'honeydue nodes:uncordon --env /tmp/a.yaml hetzner1',
  ],
  [
    'the plan is shown and asked for anyway',
    [wrong('honeydue deploy:scale worker --replicas 1 --dry-run')],
    'honeydue deploy:scale worker --replicas 1',
  ],
  ['a line of another program', [wrong('ssh -v hetzner2 true')], undefined],
  ['a line that a shell would read otherwise', [wrong("honeydue logs api --grep 'a b'")], undefined],
  ['two commands', [wrong('honeydue doctor; rm x')], undefined],
  ['a value that is missing', [wrong('honeydue db:unlock --pid $PID')], undefined],
  ['not a later one than the gravest', [wrong('ssh hetzner2 true'), wrong('honeydue edge:drain hetzner2')], undefined],
  ['nothing', [], undefined],
])('%s', (_, findings, line) => {
  expect(firstNext(findings)).toBe(line)
})
