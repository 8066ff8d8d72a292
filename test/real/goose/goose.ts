import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrations } from '../../../src/lib/sandbox/postgres/schema.ts'
import { type GooseEnd, type GooseFiles, type GooseWorld, plainLine } from '../../contract/goose/world.ts'
import { realPostgres } from '../postgres/servers.ts'

const goose = '/usr/local/lib/honeydue-real/goose'

/** goose 3.22.1 itself against Debian's PostgreSQL. */
export const realGoose = async (): Promise<GooseWorld> => {
  if (!existsSync(goose)) throw new Error(`${goose} is missing (goose v3.22.1, built from its Go module). Next: sudo test/real/install.sh`)
  const postgres = await realPostgres()
  const { user, database, places } = postgres
  const folders = new Set<string>()
  const up = async (files: GooseFiles, signal?: AbortSignal): Promise<GooseEnd> => {
    const folder = await mkdtemp(join(tmpdir(), 'honeydue-goose-'))
    folders.add(folder)
    await mkdir(join(folder, 'migrations'))
    await Promise.all(files.map(({ name, sql }) => writeFile(join(folder, 'migrations', name), sql)))
    const where = `host=${postgres.folder} port=${places.direct.port} user=${user} dbname=${database}`
    const child = spawn(goose, ['-dir', 'migrations', 'postgres', where, 'up'], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      killSignal: 'SIGKILL',
      signal,
    })
    // Told of the kill that was asked for.

    child.on('error', () => {})
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        said += chunk
      })
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
    return { code, lines: said.trimEnd().split('\n').map(plainLine) }
  }
  const fresh = async () => {
    const admin = await postgres.connect('postgres')
    try {
      await admin.query(`DROP DATABASE IF EXISTS "${database}" WITH (FORCE)`)
      await admin.query(`CREATE DATABASE "${database}" OWNER ${user}`)
    } finally {
      await admin.end()
    }
    const { code, lines } = await up(migrations)
    if (code !== 0) throw new Error(`goose did not apply the sandbox's own migrations: ${lines.join('\n')}`)
  }
  return {
    up,
    query: (sql) => postgres.admin(sql),
    reset: fresh,
    async stop() {
      await postgres.stop()
      for (const folder of folders) await rm(folder, { recursive: true, force: true })
    },
  }
}
