import { createHash } from 'node:crypto'
import { type Commands, type Context, integer, Refusal } from '../command.ts'
import type { Reply } from '../protocol.ts'

/** Runs one command on behalf of a script; throws a Refusal as the client would have got it. */
export type Call = (words: readonly string[], context: Context, readOnly: boolean) => Reply

const sha1 = (script: string): string => createHash('sha1').update(script, 'latin1').digest('hex')

/** EVAL and its kin: a real Lua runs the script, loaded when the first one comes. `call` is how a script reaches the other commands. */
export const scripts = (call: Call): Commands => {
  const known = new Map<string, string>()

  const run = async (script: string, [count, ...rest]: readonly string[], context: Context, readOnly: boolean): Promise<Reply> => {
    const keys = integer(count)
    if (keys < 0) throw new Refusal("ERR Number of keys can't be negative")
    if (keys > rest.length) throw new Refusal("ERR Number of keys can't be greater than number of args")
    const { runScript } = await import('../lua.ts')
    known.set(sha1(script), script)
    return runScript(script, rest.slice(0, keys), rest.slice(keys), (words) => call(words, context, readOnly))
  }

  const evalsha = ([hash = '', ...rest]: readonly string[], context: Context, readOnly: boolean): Promise<Reply> => {
    const script = known.get(hash.toLowerCase())
    if (script === undefined) throw new Refusal('NOSCRIPT No matching script. Please use EVAL.')
    return run(script, rest, context, readOnly)
  }

  const script = ([word = '', ...args]: readonly string[]): Reply => {
    switch (word.toLowerCase()) {
      case 'load':
        known.set(sha1(args[0] ?? ''), args[0] ?? '')
        return sha1(args[0] ?? '')
      case 'exists':
        return args.map((hash) => (known.has(hash.toLowerCase()) ? 1 : 0))
      case 'flush':
        known.clear()
        return { status: 'OK' }
      default:
        throw new Refusal(`ERR unknown subcommand '${word}'. Try SCRIPT HELP.`)
    }
  }

  return {
    eval: { arity: -3, run: ([text = '', ...rest], context) => run(text, rest, context, false) },
    eval_ro: { arity: -3, run: ([text = '', ...rest], context) => run(text, rest, context, true) },
    evalsha: { arity: -3, run: (words, context) => evalsha(words, context, false) },
    evalsha_ro: { arity: -3, run: (words, context) => evalsha(words, context, true) },
    script: { arity: -2, run: script },
  }
}
