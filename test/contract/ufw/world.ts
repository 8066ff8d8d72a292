import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { verdict } from '../../../src/lib/sandbox/edge/firewall.ts'
import { bookNodes, nodeFolder, writeCommands } from '../../../src/lib/sandbox/nodes/state.ts'
import type { ContractWorld } from '../contract.ts'

/** A machine with ufw 0.36.2 as it is installed: inactive and without rules. */
export interface UfwWorld extends ContractWorld {
  /** What these shell lines print on both outputs. */
  run(script: string): Promise<string>
  /** The same, and which connections come in afterwards. */
  knock(script: string, knocks: readonly Knock[]): Promise<{ readonly said: string; readonly through: readonly Knock[] }>
}

/** A TCP connection from elsewhere. */
export interface Knock {
  readonly from: string
  readonly port: number
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
  const run = (script: string) => outputOf('/bin/sh', ['-s'], script, { PATH: folder.path })
  return {
    run,
    async knock(script, knocks) {
      const said = await run(script)
      return { said, through: knocks.filter(({ from, port }) => verdict(folder, port, from) === 'allow') }
    },
    async reset() {
      folder.reset()
      folder.write('ufw/enabled', 'no\n')
      folder.write('ufw/rules4', '')
      folder.write('ufw/rules6', '')
    },
    stop: async () => rmSync(dir, { recursive: true, force: true }),
  }
}
