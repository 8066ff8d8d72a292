import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readTranscript, type, writeTranscript } from './transcript.ts'
import { startWorld, type World } from './world.ts'

// What a real 1.32 server answers is recorded in test/contract/kubernetes; here kubectl itself is the judge of the sandbox, and the transcripts say what
// people see. HONEYDUE_RECORD=1 writes them anew: read the difference before you keep it.
const spoken = '1.32'
const built = '/usr/local/lib/honeydue-real/kubectl'
const versionOf = (program: string): string | undefined => {
  try {
    return /v(\d+\.\d+)\./.exec(execFileSync(program, ['version', '--client'], { stdio: ['ignore', 'pipe', 'ignore'] }).toString())?.[1]
  } catch {
    return undefined
  }
}
/** PATH whose first kubectl speaks as the transcripts do. */
const pathWithKubectl = (): string => {
  const path = process.env['PATH'] ?? ''
  if (versionOf(built) === spoken) return `${dirname(built)}:${path}`
  const found = versionOf('kubectl')
  if (found === spoken) return path
  throw new Error(
    `kubectl ${spoken} is missing, whose words the transcripts have (in PATH: ${found ?? 'none'}). Next: sudo test/real/install.sh`,
  )
}
const here = (path: string) => new URL(path, import.meta.url)
const transcripts = readdirSync(here('transcripts')).map((name) => name.replace(/\.txt$/, ''))
let world: World & { readonly path: string }

describe('kubectl works on the sandbox as people use it', () => {
  beforeAll(async () => {
    const path = pathWithKubectl()
    const files = Object.fromEntries(readdirSync(here('manifests')).map((name) => [name, readFileSync(here(`manifests/${name}`), 'utf8')]))
    world = { ...(await startWorld(files)), path }
  })
  afterAll(() => world?.stop())

  it.each(transcripts)('%s', { timeout: 240_000 }, async (name) => {
    world.reset()
    await type('kubectl create namespace shop; kubectl config set-context --current --namespace shop', world)
    const file = here(`transcripts/${name}.txt`)
    const seen: { readonly line: string; readonly output: string }[] = []
    const expected = readTranscript(file)
    for (const { line } of expected) seen.push({ line, output: await type(line, world) })
    if (process.env['HONEYDUE_RECORD']) writeTranscript(file, seen)
    else expect(seen).toEqual(expected)
  })
})
