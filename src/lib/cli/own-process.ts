import { spawn } from 'node:child_process'
import { constants } from 'node:os'

/** What Node obeys from its first moment on: it would print headers, keys and bodies to whoever debugs something else. */
const fromTheStart = ['NODE_DEBUG', 'NODE_DEBUG_NATIVE', 'SSLKEYLOGFILE']

/** oclif's own words hold no secret; those of other libraries hold commands, and so passwords. */
const harmless = (namespaces: string): string =>
  namespaces
    .split(/[\s,]+/)
    .filter((name) => /^-?oclif\b/.test(name))
    .join(',')

/** Takes out of this process, and so of every one that it starts, what would print secrets or leave TLS unverified; no warning of Node's reaches the screen. */
export const keepToOurselves = (own: NodeJS.Process): void => {
  const kept = harmless(own.env['DEBUG'] ?? '')
  if (kept) own.env['DEBUG'] = kept
  else delete own.env['DEBUG']
  delete own.env['NODE_TLS_REJECT_UNAUTHORIZED']
  own.env['NODE_NO_WARNINGS'] = '1'
  own.removeAllListeners('warning')
}

/** Runs the program anew without what Node has obeyed already, and ends as it ends; false where there is nothing to take away. */
export const startedAnew = (own: NodeJS.Process): boolean => {
  if (!fromTheStart.some((name) => own.env[name] !== undefined)) return false
  const env = Object.fromEntries(Object.entries(own.env).filter(([name]) => !fromTheStart.includes(name)))
  const [program = own.execPath, ...args] = [own.execPath, ...own.execArgv, ...own.argv.slice(1)]
  const child = spawn(program, args, { stdio: 'inherit', env })
  // Ctrl-C reaches both of them: it is the child's to answer.
  own.on('SIGINT', () => {})
  for (const name of ['SIGTERM', 'SIGHUP'] as const) own.on(name, () => child.kill(name))
  child.once('close', (code, signal) => own.exit(code ?? 128 + (signal ? constants.signals[signal] : 1)))
  return true
}
