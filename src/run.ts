import type { Interfaces } from '@oclif/core'
import { Config } from '@oclif/core/config'
import { execute } from '@oclif/core/execute'
import { commandLine } from './lib/cli/command-line.ts'
import { settleColour } from './lib/cli/manner.ts'
import { bearClosedStreams } from './lib/cli/streams.ts'
import { tellUncaught } from './lib/cli/uncaught.ts'

/** Runs a command line against the package in `root`. */
export const run = async (root: string, words: readonly string[]): Promise<void> => {
  bearClosedStreams(process)
  tellUncaught(process)
  const logger = process.env['DEBUG'] ? {} : { logger: silent() }
  // What Node warns of is for whoever works on this program, not for whoever is in trouble with a deployment.
  if (!process.env['DEBUG']) process.removeAllListeners('warning')
  // It is asked for in the options and, from then on, of the configuration itself.
  const config = Object.assign(await Config.load({ root, ...logger }), logger)
  settleColour(process.env, words)
  const line = commandLine(words, { topics: config.topics.map(({ name }) => name), commands: config.commandIDs })
  if ('unknown' in line) {
    const { tellUnknown } = await import('./lib/cli/unknown-command.ts')
    await tellUnknown(line, words, root)
    return
  }
  await execute({ args: frontDoor(line.args), loadOptions: config })
  // Whatever a library left open must not keep a finished command from ending.
  setTimeout(() => process.exit(), 500).unref()
}

/** What oclif does, it tells only who asks with DEBUG: else the library that prints it need not be read. */
const silent = (namespace = 'oclif'): Interfaces.Logger => {
  const quiet = () => {}
  return {
    child: (ns, delimiter = ':') => silent(`${namespace}${delimiter}${ns}`),
    debug: quiet,
    error: quiet,
    info: quiet,
    trace: quiet,
    warn: quiet,
    namespace,
  }
}

/** Alone, or with flags only, `honeydue` asks what is wrong. */
const frontDoor = (args: readonly string[]): string[] => {
  const [first] = args
  return first === undefined || /^--(env|json|no-color|no-input|plain)\b/.test(first) ? ['runbook:find', ...args] : [...args]
}
