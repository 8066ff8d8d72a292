import { hostname, userInfo } from 'node:os'
import { birthOf } from '../living-process.ts'
import type { Who } from './entries.ts'

/** This process, and whose it is. */
export const whoAmI = (env: NodeJS.ProcessEnv): Who => ({
  user: userName(env).replace(/[^\w.-]/g, '_'),
  host: hostname(),
  pid: process.pid,
  born: birthOf(process.pid),
})

/** An account without an entry in the user database has a number alone. */
const userName = (env: NodeJS.ProcessEnv): string => {
  try {
    return userInfo().username
  } catch {
    return env.USER ?? String(process.getuid?.() ?? 'nobody')
  }
}
