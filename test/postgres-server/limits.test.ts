import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { markOf, ownMark } from '../../src/lib/living-process.ts'
import { findBinaries } from '../../src/lib/postgres-server/binaries.ts'
import { run, sweep } from '../../src/lib/postgres-server/folders.ts'
import { type ScratchOptions, scratchServer } from '../../src/lib/postgres-server/scratch.ts'
import { confinedServers } from '../../src/lib/postgres-server/servers.ts'

const opened: { stop(): Promise<void> }[] = []
afterAll(() => Promise.all(opened.map((one) => one.stop())))

/** One file that has these statements, tried on a server with these limits. */
const trying = (sql: string, options: ScratchOptions, before: readonly string[] = []) => {
  const server = scratchServer(options)
  opened.push(server)
  const text = `-- +goose NO TRANSACTION\n-- +goose Up\n${sql}\n`
  return server.attempt({ user: 'neondb_owner', before, files: [{ name: '000001_a.sql', text }], ask: 'SELECT 1 AS one' })
}

test('what does not end is ended, however it puts off the time limits of the server', async () => {
  expect(await trying('SET statement_timeout = 0;\nSELECT pg_sleep(300);', { within: 1_500 })).toMatchObject({
    ended: 'it ran for more than 1.5 s',
  })
})

test('a loop in a definition of the live database is ended too', async () => {
  const loop = 'DO $$BEGIN LOOP NULL; END LOOP; END$$'
  expect(await trying('SELECT 1;', { within: 1_500 }, [loop])).toMatchObject({ ended: 'it ran for more than 1.5 s' })
})

test('what fills the machine is ended', async () => {
  const fill = 'CREATE TABLE big AS SELECT generate_series(1, 1000000000) AS n;'
  expect(await trying(fill, { within: 30_000, room: 32 * 1024 * 1024 })).toMatchObject({ ended: 'it stored more than 32 MB' })
})

test('one statement does not take the memory of the machine', async () => {
  const sql = "SET work_mem = '2047GB';\nSELECT length(string_agg(repeat('x', 100000000), '')) FROM generate_series(1, 9);"
  expect(await trying(sql, {})).toMatchObject({ ended: 'the private server has too little for it (SQLSTATE 53200)' })
})

test('whoever asks to stop is heard at once: while it starts, and in the middle of a file', async () => {
  const reason = new Error('stopped on request')
  const stopping = new AbortController()
  const early = trying('SELECT 1;', { signal: stopping.signal })
  stopping.abort(reason)
  await expect(early).rejects.toBe(reason)
  const later = new AbortController()
  const server = await confinedServers.take()
  const servers = { take: async () => server, leave: async () => {} }
  const running = trying('SELECT pg_sleep(300);', { signal: later.signal, servers })
  await expect.poll(async () => (await server.admin.query("SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'")).rowCount).toBe(1)
  later.abort(reason)
  await expect(running).rejects.toBe(reason)
  await expect.poll(() => existsSync(server.folder)).toBe(false)
})

test('F16: what a killed start left is swept at the next, and nothing else', async () => {
  const binaries = await findBinaries()
  const place = (name: string) => join(tmpdir(), name)
  // No process has this number: it is above what the kernel gives.
  const dead = markOf({ pid: 4194999, born: '123' })
  const [left, mine] = [dead, ownMark()].map((mark) => place(`honeydue-pg-${mark}-abcdef`)) as [string, string]
  // Of another machine, or another container: whether it lives cannot be seen from here.
  const elsewhere = place(`honeydue-pg-${dead.replace(/-..../, '-0000')}-abcdef`)
  const foreign = mkdtempSync(place('honeydue-pg-other-'))
  await run('mkdir', ['-p', join(left, 'data', 'base')], binaries, tmpdir())
  await run('mkdir', [mine, elsewhere], binaries, tmpdir())
  mkdirSync(join(foreign, 'x'))
  expect(await sweep(binaries)).toContain(left)
  expect(readdirSync(tmpdir()).filter((name) => join(tmpdir(), name) === left)).toEqual([])
  expect([existsSync(mine), existsSync(elsewhere), existsSync(foreign)]).toEqual([true, true, true])
  await run('rmdir', [mine, elsewhere], binaries, tmpdir())
  rmSync(foreign, { recursive: true })
})
