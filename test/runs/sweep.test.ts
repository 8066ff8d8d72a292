import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { ownMark } from '../../src/lib/living-process.ts'
import { count } from '../hostile/points.ts'
import { nextImage } from '../support/migration-worlds.ts'
import { cases, type Id } from './cases.ts'
import { lost, pointsIn, preload, spread, useLane } from './lane.ts'

const { sandbox, environment, arrange, run, wordsOf, state } = useLane()
const log = join(state, 'points')
const unwrapped = (text: string) => text.replace(/\s+/g, ' ')

/** New texts that have not taken their file's name, in every folder of the checkout. */
const newTexts = () =>
  readdirSync(sandbox().environment.checkout, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.honeydue-new'))
const folders = (kind: string, parents: readonly string[] = [tmpdir(), '/dev/shm']) =>
  [...new Set(parents)].flatMap((parent) =>
    existsSync(parent)
      ? readdirSync(parent)
          .filter((name) => name.startsWith(kind))
          .map((name) => join(parent, name))
      : [],
  )

for (const id of ['db:switch-host', 'cert:rotate'] as const satisfies readonly Id[])
  test(`${id}: killed with a new file beside the old one, its text is swept by the next run, which says so; a living one’s is not`, async ({
    task,
  }) => {
    const line = await wordsOf(id, await arrange(cases[id]))
    rmSync(log, { force: true })
    expect((await run(line, { NODE_OPTIONS: preload, POINTS_LOG: log })).code).toBe(0)
    const at = pointsIn(log).writes.flatMap((name, i) => (name.startsWith('a new file beside') ? [i + 1] : []))
    expect(at.length).toBeGreaterThan(0)
    const missed: string[] = []
    for (const point of spread(at, 2, id)) {
      const words = await wordsOf(id, await arrange(cases[id]))
      const killed = await run(words, { NODE_OPTIONS: preload, POINTS_KILL: String(point) })
      const left = newTexts()
      expect(left).toHaveLength(1)
      // The same name, but of a process that lives: this one.
      const living = (left[0] ?? '').replace(/\d+-[0-9a-f]{10}/, ownMark())
      writeFileSync(join(sandbox().environment.checkout, living), 'of somebody who lives')
      const dry = await run([...words, '--dry-run'])
      const untouched = newTexts().length === 2 && !dry.said.includes('cleaned up now')
      const next = await run(words)
      const says = unwrapped(next.said).match(/Left by a program that was killed, and cleaned up now: 1 new text of \S+/)
      const again = await run(words)
      if (!untouched || !says || newTexts().join() !== living || again.said.includes('cleaned up now'))
        missed.push(lost(`${id} killed at ${point}: ${newTexts()}`, killed, dry, next, again))
      rmSync(join(sandbox().environment.checkout, living))
    }
    count(task.meta, { of: `${id}: killed beside a new file, and swept`, tried: spread(at, 2, id).length, outOf: at.length, lost: missed })
  })

test('F16: a private PostgreSQL that was being laid when its run was killed is swept by the next run, which says so', async () => {
  const rehearse = ['db:migrate', '--image', nextImage, '--rehearse']
  await arrange(cases['db:migrate'])
  // The first one of all makes the template that the others copy.
  await run([...rehearse, '--dry-run'])
  rmSync(log, { force: true })
  await run([...rehearse, '--dry-run'], { NODE_OPTIONS: preload, POINTS_LOG: log })
  const at = pointsIn(log).writes.findIndex((name) => name.startsWith('a folder of its own honeydue-pg-'))
  expect(at).toBeGreaterThanOrEqual(0)
  const before = folders('honeydue-pg-')
  const killAndLook = async () => {
    const there = folders('honeydue-pg-')
    const killed = await run([...rehearse, '--dry-run'], { NODE_OPTIONS: preload, POINTS_KILL: String(at + 1) })
    expect(killed.killed).toBe(true)
    const left = folders('honeydue-pg-').filter((folder) => !there.includes(folder))
    const next = await run(['cache:invalidate', '--user', '1'])
    for (const folder of left) expect(folders('honeydue-pg-')).not.toContain(folder)
    return unwrapped(next.said)
  }
  // Memory's file system is the machine's: a run of another test beside this one may have been the next.
  let said = ''
  for (let tries = 0; tries < 10 && !said.includes('cleaned up now: 1 private PostgreSQL'); tries++) said = await killAndLook()
  expect(said).toContain('cleaned up now: 1 private PostgreSQL')
  // This test's own sandbox has one too, and lives.
  expect(before.every((folder) => existsSync(folder) || !folder.includes(ownMark()))).toBe(true)
})

test('a folder of SSH connections, and the OpenSSH in it, do not outlive a run that is killed', async () => {
  await arrange(cases['firewall:refresh'])
  const line = await wordsOf('firewall:refresh', {})
  const given = parse(readFileSync(environment(), 'utf8')) as { readonly ssh: { readonly config: string } }
  const [config, elsewhere] = [join(state, 'ssh-config'), join(state, 'by-openssh.yaml')]
  writeFileSync(config, `Host hetzner1\n  KnownHostsCommand /usr/bin/true\nHost *\n  Include "${given.ssh.config}"\n`)
  writeFileSync(elsewhere, stringify({ ...given, ssh: { config } }))
  // A folder of their own: what is left in the machine's is swept by any run, also by one of another test.
  const own = mkdtempSync('/tmp/sweep-')
  onTestFinished(() => rmSync(own, { recursive: true, force: true }))
  const words = [...line, '--env', elsewhere]
  rmSync(log, { force: true })
  // Killed when the first line of the journal is written: it is connected by then.
  const killed = await run(words, { NODE_OPTIONS: preload, POINTS_LOG: log, POINTS_KILL: '4', TMPDIR: own })
  const left = folders('hd-', [own])
  expect([killed.killed, left.length], killed.said + readFileSync(log, 'utf8')).toEqual([true, 1])
  for (let waited = 0; readdirSync(left[0] ?? '').length > 1 && waited < 5000; waited += 50) await sleep(50)
  expect(readdirSync(left[0] ?? '')).toEqual(['config'])
  const next = await run(words, { TMPDIR: own })
  expect(unwrapped(next.said)).toContain('cleaned up now: 1 folder of SSH connections')
  expect(folders('hd-', [own])).not.toContain(left[0])
})
