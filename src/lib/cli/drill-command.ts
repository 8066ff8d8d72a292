import { hostname } from 'node:os'
import { resolve } from 'node:path'
import * as Flags from '@oclif/core/flags'
import { readRuns } from '../journal/read-journal.ts'
import { defaultFolder } from '../sandbox/folder.ts'
import { stateFolder } from '../state-folder.ts'
import { HoneydueCommand } from './command.ts'

/** For every command that speaks with a drill. */
export const drillFlags = {
  dir: Flags.directory({ summary: 'the folder that drill:start was given (default: that of the running sandbox)' }),
}

/** A command that speaks with the drill that runs. */
export abstract class DrillCommand extends HoneydueCommand {
  /** The folder of the sandbox that is practised on. */
  protected async folder(dir: string | undefined): Promise<string> {
    const { findRunningSandbox } = await import('../sandbox/running.ts')
    return resolve(dir ?? findRunningSandbox()?.dir ?? defaultFolder())
  }

  /** Every run of this machine. */
  protected runs() {
    return readRuns(stateFolder(process.env), hostname())
  }
}
