import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readTranscript, type, writeTranscript } from './transcript.ts'
import { startWorld, type World } from './world.ts'

// What a real 1.32 server answers is recorded in test/contract/kubernetes; here kubectl itself is the judge of the sandbox, and the transcripts say what
// people see. HONEYDUE_RECORD=1 writes them anew: read the difference before you keep it.
const spoken = 32
const minor = (): number => {
  try {
    return Number(
      /GitVersion:"v1\.(\d+)|Client Version: v1\.(\d+)/
        .exec(execFileSync('kubectl', ['version', '--client']).toString())
        ?.slice(1)
        .find(Boolean),
    )
  } catch {
    return 0
  }
}
const here = (path: string) => new URL(path, import.meta.url)
const transcripts = readdirSync(here('transcripts')).map((name) => name.replace(/\.txt$/, ''))
let world: World

// The words of the transcripts are those of 1.32; Debian 12 has no package of it: whoever has one runs this.
describe.runIf(minor() === spoken)('kubectl works on the sandbox as people use it', () => {
  beforeAll(async () => {
    world = await startWorld(
      Object.fromEntries(readdirSync(here('manifests')).map((name) => [name, readFileSync(here(`manifests/${name}`), 'utf8')])),
    )
  })
  afterAll(() => world.stop())

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
