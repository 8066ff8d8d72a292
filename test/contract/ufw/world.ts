import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bookNodes, nodeFolder, writeCommands } from '../../../src/lib/sandbox/nodes/state.ts'
import type { ContractWorld } from '../contract.ts'

/** A machine with ufw 0.36.2 as it is installed: inactive and without rules. */
export interface UfwWorld extends ContractWorld {
  /** What these shell lines print on both outputs. */
  run(script: string): Promise<string>
}

/** Feeds the script to a shell and gives both of its outputs as one. */
export const outputOf = (command: string, args: readonly string[], script: string, env: NodeJS.ProcessEnv): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text
      })
    child.once('error', reject)
    child.once('close', () => resolve(said))
    child.stdin.end(`exec 2>&1\n${script}`)
  })

export const sandboxUfw = async (): Promise<UfwWorld> => {
  const [machine] = bookNodes
  if (!machine) throw new Error('the book names no node')
  const dir = mkdtempSync(join(tmpdir(), 'contract-ufw-'))
  writeCommands(join(dir, 'commands'))
  const folder = nodeFolder(join(dir, machine.alias), join(dir, 'commands'), machine)
  return {
    run: (script) => outputOf('/bin/sh', ['-s'], script, { PATH: folder.path }),
    async reset() {
      folder.reset()
      folder.write('ufw/enabled', 'no\n')
      folder.write('ufw/rules4', '')
      folder.write('ufw/rules6', '')
    },
    stop: async () => rmSync(dir, { recursive: true, force: true }),
  }
}
