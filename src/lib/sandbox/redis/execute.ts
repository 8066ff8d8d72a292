import { tell } from '../asked.ts'
import type { Command, Commands, Context, Counters } from './command.ts'
import { Refusal } from './command.ts'
import { users } from './commands/acl.ts'
import { collections } from './commands/collections.ts'
import { connection } from './commands/connection.ts'
import { keys } from './commands/keys.ts'
import { scripts } from './commands/scripts.ts'
import { server } from './commands/server.ts'
import { strings } from './commands/strings.ts'
import { nullArray, ok, queued, type Reply, refuse } from './protocol.ts'

const commands = new Map<string, Command>(
  Object.entries({ ...connection, ...server, ...users, ...keys, ...strings, ...collections } satisfies Commands),
)

/** What the server as a whole says to a command before it is run. */
export interface Rules {
  readonly loading: () => boolean
  /** Evicts until there is room; false when there is none to be had. */
  readonly makeRoom: (context: Context) => boolean
}

const catalogue = ([word = '']: readonly string[]): Reply => {
  switch (word.toLowerCase()) {
    case 'count':
      return commands.size
    case 'docs':
      return { map: [] }
    case '':
      return [...commands].map(([name, { arity, write }]) => [name, arity, [{ status: write ? 'write' : 'readonly' }], 0, 0, 0])
    default:
      throw new Refusal(`ERR unknown subcommand '${word}'. Try COMMAND HELP.`)
  }
}
commands.set('command', { arity: -1, run: catalogue })

/** A script's own command: as a client's, but that it is never queued, and that what waits cannot be called. */
const called = (words: readonly string[], context: Context, readOnly: boolean): Reply => {
  const name = words[0]?.toLowerCase() ?? ''
  const command = commands.get(name)
  if (!command || ['eval', 'eval_ro', 'evalsha', 'evalsha_ro', 'script', 'debug'].includes(name))
    throw new Refusal('ERR Unknown Redis command called from script')
  if (!fits(command.arity, words.length)) throw new Refusal('ERR Wrong number of args calling Redis command from script')
  if (command.write && readOnly) throw new Refusal('ERR Write commands are not allowed from read-only scripts.')
  if (command.write && context.replica()) throw new Refusal("READONLY You can't write against a read only replica.")
  return command.run(words.slice(1), context) as Reply
}
for (const [name, command] of Object.entries(scripts(called))) commands.set(name, command)

const fits = (arity: number, length: number) => (arity < 0 ? length >= -arity : length === arity)

const refusal = (
  name: string,
  words: readonly string[],
  command: Command | undefined,
  context: Context,
  rules: Rules,
): string | undefined => {
  const control = ['multi', 'exec', 'discard', 'watch', 'unwatch'].includes(name)
  if (!command && !control) {
    const shown = words.slice(1, 21).map((word) => `'${word.slice(0, 128)}' `)
    return `ERR unknown command '${words[0]?.slice(0, 128)}', with args beginning with: ${shown.join('')}`
  }
  if (command && !fits(command.arity, words.length)) return `ERR wrong number of arguments for '${name}' command`
  if (!context.session.authenticated && !command?.open) return 'NOAUTH Authentication required.'
  if (rules.loading() && !command?.open && name !== 'info') return 'LOADING Redis is loading the dataset in memory'
  if (command?.write && context.replica()) return "READONLY You can't write against a read only replica."
  if (command?.grows && !rules.makeRoom(context)) return "OOM command not allowed when used memory > 'maxmemory'."
  return undefined
}

const attempt = async (command: Command, args: readonly string[], context: Context): Promise<Reply> => {
  try {
    return await command.run(args, context)
  } catch (error) {
    if (error instanceof Refusal) return refuse(error.message)
    throw error
  }
}

const fingerprint = (context: Context, key: string): string =>
  JSON.stringify([context.db.peek(key)?.revision, context.db.peek(key)?.expiresAt])

const exec = async (context: Context): Promise<Reply> => {
  const { session } = context
  const queue = session.queue
  if (!queue) return refuse('ERR EXEC without MULTI')
  const moved = [...session.watched].some(([key, before]) => fingerprint(context, key) !== before)
  const spoiled = session.spoiled
  Object.assign(session, { queue: undefined, spoiled: false, watched: new Map() })
  if (spoiled) return refuse('EXECABORT Transaction discarded because of previous errors.')
  if (moved) return nullArray
  const replies: Reply[] = []
  for (const [name = '', ...args] of queue) {
    const command = commands.get(name.toLowerCase())
    if (command) replies.push(await attempt(command, args, context))
  }
  return replies
}

const transaction = async (name: string, args: readonly string[], context: Context): Promise<Reply> => {
  const { session } = context
  switch (name) {
    case 'multi':
      if (session.queue) return refuse('ERR MULTI calls can not be nested')
      session.queue = []
      return ok
    case 'discard':
      if (!session.queue) return refuse('ERR DISCARD without MULTI')
      Object.assign(session, { queue: undefined, spoiled: false, watched: new Map() })
      return ok
    case 'watch':
      if (session.queue) return refuse('ERR WATCH inside MULTI is not allowed')
      for (const key of args) session.watched.set(key, fingerprint(context, key))
      return ok
    case 'unwatch':
      session.watched = new Map()
      return ok
    default:
      return exec(context)
  }
}

/** As INFO's errorstats has them. */
const count = (counters: Counters, words: string): void => {
  const code = words.split(' ')[0] ?? ''
  counters.errors++
  counters.refusals = { ...counters.refusals, [code]: (counters.refusals[code] ?? 0) + 1 }
}

/** Commands whose first word alone does not say whether they change something. */
const changingByWord = /^(?:eval|evalsha|fcall|config (?:set|resetstat|rewrite)|acl (?:setuser|deluser|load|save))\b/i

/** Runs one command of one client as the whole server would: known, allowed, queued by MULTI, or run. */
export const execute = async (words: readonly string[], context: Context, rules: Rules): Promise<Reply> => {
  const { session, counters } = context
  const name = words[0]?.toLowerCase() ?? ''
  const command = commands.get(name)
  counters.commands++
  session.last = name
  tell(() => ({
    system: 'redis',
    said: words.join(' '),
    changes: command?.write === true || changingByWord.test(words.slice(0, 2).join(' ')),
  }))
  const refused = refusal(name, words, command, context, rules)
  if (refused) {
    count(counters, refused)
    if (session.queue) session.spoiled = true
    return refuse(refused)
  }
  if (!command) return transaction(name, words.slice(1), context)
  if (session.queue && name !== 'quit' && name !== 'reset') {
    session.queue.push(words)
    return queued
  }
  const reply = await attempt(command, words.slice(1), context)
  if (reply !== null && typeof reply === 'object' && 'error' in reply) count(counters, String(reply.error))
  return reply
}
