import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where this user's state of honeydue is kept: `$XDG_STATE_HOME/honeydue`, or `~/.local/state/honeydue`. */
export const stateFolder = (env: NodeJS.ProcessEnv): string =>
  join(env.XDG_STATE_HOME || join(env.HOME || homedir(), '.local', 'state'), 'honeydue')
