import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { seenSince } from '../../src/lib/cli/seen.ts'
import { contextOf } from '../support/context.ts'

const home = mkdtempSync(join(tmpdir(), 'honeydue-seen-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))
const { environment } = contextOf()
const folder = join(home, 'honeydue/seen')
const look = (states: Readonly<Record<string, string>>, second: number, of = environment) =>
  seenSince(of, states, new Date(`2026-11-30T10:00:${String(second).padStart(2, '0')}Z`), { XDG_CACHE_HOME: home })

test('a state is told since when it was first seen without another one between, of each deployment by itself', async () => {
  expect(await look({ nodes: 'well', cache: 'well' }, 1)).toEqual({})
  expect(await look({ nodes: 'well', cache: 'wrong' }, 2)).toEqual({ nodes: '2026-11-30T10:00:01.000Z' })
  expect(await look({ nodes: 'well', cache: 'wrong' }, 3)).toEqual({ nodes: '2026-11-30T10:00:01.000Z', cache: '2026-11-30T10:00:02.000Z' })
  expect(await look({ nodes: 'well' }, 4, { ...environment, namespace: 'other' })).toEqual({})
  expect(await look({ nodes: 'wrong' }, 5)).toEqual({})
  expect(readdirSync(folder).map((name) => statSync(join(folder, name)).mode & 0o777)).toEqual([0o600, 0o600])
})

test('what cannot be read or written there is not known, and nothing fails', async () => {
  for (const name of readdirSync(folder)) writeFileSync(join(folder, name), '{"nodes":')
  expect(await look({ nodes: 'wrong' }, 6)).toEqual({})
  rmSync(folder, { recursive: true })
  mkdirSync(join(home, 'honeydue'), { recursive: true })
  writeFileSync(folder, 'a file')
  expect(await look({ nodes: 'wrong' }, 7)).toEqual({})
})
