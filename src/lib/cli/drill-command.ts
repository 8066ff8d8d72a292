import { hostname } from 'node:os'
import { dirname, resolve } from 'node:path'
import * as Flags from '@oclif/core/flags'
import { readRuns } from '../journal/read-journal.ts'
import { defaultFolder } from '../sandbox/folder.ts'
import { stateFolder } from '../state-folder.ts'
import { HoneydueCommand } from './command.ts'
import { hang } from './wrap.ts'

/** For every command that speaks with a drill. */
export const drillFlags = {
  dir: Flags.directory({ summary: 'the folder that drill:start was given (default: that of the running sandbox)' }),
  env: Flags.string({ summary: "the drill's environment file, for whoever joins", exclusive: ['dir'] }),
}

/** What decides a drill, for those that start one. */
export const drillOptions = {
  seed: Flags.integer({ summary: 'the same number breaks the same thing at the same moment', min: 0, max: 2 ** 31 }),
  'with-false-trail': Flags.boolean({ summary: 'something else looks guilty, and is not', default: false }),
  speed: Flags.integer({
    summary: 'so many times faster pass the starts of pods and machines, and the deploys of others',
    default: 1,
    min: 1,
    max: 20,
  }),
}

/** What they decide; a seed is drawn where none is given. */
export const decided = (flags: { readonly seed?: number | undefined; readonly 'with-false-trail': boolean; readonly speed: number }) => ({
  seed: flags.seed ?? Math.floor(Math.random() * 1_000_000),
  falseTrail: flags['with-false-trail'],
  speed: flags.speed,
})

/** Prose broken between words where a terminal is narrow; what is to be typed stays whole. */
export const broken = (text: string): string =>
  text
    .split('\n')
    .flatMap((line) => (/\bhoneydue [a-z]|--env |export |ssh -F/.test(line) ? [line] : hang(/^ */.exec(line)?.[0] ?? '', line.trimStart())))
    .join('\n')

/** A command that speaks with the drill that runs. */
export abstract class DrillCommand extends HoneydueCommand {
  /** The folder of the sandbox that is practised on. */
  protected async folder({ dir, env }: { readonly dir?: string | undefined; readonly env?: string | undefined }): Promise<string> {
    const { findRunningSandbox } = await import('../sandbox/running.ts')
    // `sandbox` is the running one.
    const joined = env?.endsWith('.yaml') ? dirname(env) : undefined
    return resolve(dir ?? joined ?? findRunningSandbox()?.dir ?? defaultFolder())
  }

  /** Every run of this machine. */
  protected runs() {
    return readRuns(stateFolder(process.env), hostname())
  }
}
