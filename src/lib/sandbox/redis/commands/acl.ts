import { type Commands, type Context, Refusal } from '../command.ts'
import { ok, type Reply } from '../protocol.ts'

/** One rule of ACL SETUSER that is about passwords; no other is known here. */
const apply = (rule: string, { passwords }: Context): void => {
  const [kind = '', value] = [rule[0], rule.slice(1)]
  const failed = (why: string) => new Refusal(`ERR Error in ACL SETUSER modifier '${rule}': ${why}`)
  const isHash = /^[0-9a-f]{64}$/.test(value)
  const invalid = 'The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters'
  const absent = 'The password you are trying to remove from the user does not exist'
  if (kind === '>') passwords.add(value)
  else if (kind === '<') {
    if (!passwords.remove(value)) throw failed(absent)
  } else if (kind === '#' || kind === '!') {
    if (!isHash) throw failed(invalid)
    if (kind === '#') passwords.addHash(value)
    else if (!passwords.removeHash(value)) throw failed(absent)
  } else if (rule === 'resetpass') passwords.only('')
  else throw failed('Syntax error')
}

const acl = ([word = '', user = '', ...rules]: readonly string[], context: Context): Reply => {
  switch (word.toLowerCase()) {
    case 'whoami':
      return 'default'
    case 'setuser':
      if (user !== 'default') throw new Refusal('ERR no other user is known here')
      for (const rule of rules) apply(rule, context)
      return ok
    case 'getuser':
      if (user !== 'default') return null
      return {
        map: [
          ['flags', context.passwords.open() ? ['on', 'nopass'] : ['on']],
          ['passwords', [...context.passwords.hashes()]],
          ['commands', '+@all'],
          ['keys', '~*'],
          ['channels', '&*'],
          ['selectors', []],
        ],
      }
    default:
      throw new Refusal(`ERR unknown subcommand '${word}'. Try ACL HELP.`)
  }
}

export const users: Commands = { acl: { arity: -2, run: acl } }
