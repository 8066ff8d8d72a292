import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, test } from 'vitest'
import { startProgram } from '../support/attempts.ts'
import { nextImage } from '../support/migration-worlds.ts'
import { inTransaction, release } from '../support/migrations.ts'
import { requireBuild } from '../support/program.ts'
import { useSandbox } from '../support/worlds.ts'
import { count, inTurn } from './points.ts'

const sandbox = useSandbox({ postgres: true })
const state = mkdtempSync(join(tmpdir(), 'honeydue-stops-'))
beforeAll(requireBuild)
afterAll(() => rmSync(state, { recursive: true, force: true }))

/** Servers that the program of this process id has started: their watcher is its child. */
const serversOf = (pid: number): readonly number[] =>
  readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
      return parent === pid && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes('honeydue-postgres') ? [Number(name)] : []
    } catch {
      return []
    }
  })

const lives = (pid: number): boolean => {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '')[0] !== 'Z'
  } catch {
    return false
  }
}

const within = async (ms: number, so: () => boolean): Promise<boolean> => {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(20)) if (so()) return true
  return so()
}

/** What never ends, in the file that is tried on the private PostgreSQL. */
const commands = [
  ['db:migrate', '--image', nextImage, '--rehearse', '--dry-run'],
  ['db:recover-migration', '--image', nextImage, '--dry-run'],
] as const
/** When the signal comes, in ms after the private server was started: while it starts, and while it runs what does not end. */
const moments = [0, 150, 4000]

test.runIf(process.platform === 'linux')(
  'F9: the first Ctrl-C, and the first TERM, end a rehearsal and its private PostgreSQL',
  async ({ task }) => {
    const lost: string[] = []
    let [tried, longest] = [0, 0]
    await sandbox().reset()
    await release(sandbox(), 'cccc001', { '000003_endless.sql': inTransaction('SELECT pg_sleep(300);') })
    let turn = 0
    for (const words of commands)
      for (const [signal, code] of [
        ['SIGINT', 130],
        ['SIGTERM', 143],
      ] as const)
        for (const moment of inTurn(moments, 2, turn++)) {
          tried++
          const at = `${words[0]}, ${signal} ${moment} ms after its server was started`
          const child = startProgram([...words, '--env', join(sandbox().dir, 'environment.yaml')], state, { NO_COLOR: '1' })
          const pid = child.process.pid ?? 0
          let servers: readonly number[] = []
          await within(60_000, () => {
            servers = serversOf(pid)
            return servers.length > 0 || child.process.exitCode !== null
          })
          await sleep(moment)
          const began = Date.now()
          child.process.kill(signal)
          const ended = await child.ended
          longest = Math.max(longest, Date.now() - began)
          if (servers.length === 0) lost.push(`${at}: it started none: ${ended.said.slice(0, 300)}`)
          else if (ended.code !== code) lost.push(`${at}: exit ${ended.code}: ${ended.said.slice(0, 300)}`)
          else if (Date.now() - began > 15_000) lost.push(`${at}: ${Date.now() - began} ms until it ended`)
          else if (!(await within(5000, () => !servers.some(lives)))) lost.push(`${at}: its server lives on`)
        }
    count(task.meta, { of: 'rehearsals ended by the first signal, with their server', tried, outOf: 4 * moments.length, lost, longest })
  },
)
