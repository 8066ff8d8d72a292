import fengari, { type State } from 'fengari'
import { Refusal } from './command.ts'
import type { Reply } from './protocol.ts'

const { lauxlib, lua, lualib, to_luastring } = fengari

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1')
const text = (found: Uint8Array | null): string => (found === null ? '' : Buffer.from(found).toString('latin1'))

/** What Redis's Lua 5.1 has and a later one calls otherwise. */
const asIn51 = `
unpack = table.unpack
table.getn = function(t) return #t end
redis.error_reply = function(words) return { err = words } end
redis.status_reply = function(words) return { ok = words } end
load, loadfile, dofile, print = nil, nil, nil, nil
`

/** Nothing that reaches the machine: no os, no io. */
const libraries = { _G: lualib.luaopen_base, table: lualib.luaopen_table, string: lualib.luaopen_string, math: lualib.luaopen_math }

/** A reply as a script sees it: nil is false, a status is a table with `ok`. */
const push = (state: State, reply: Reply): void => {
  if (reply === null) lua.lua_pushboolean(state, false)
  else if (typeof reply === 'number') lua.lua_pushinteger(state, reply)
  else if (typeof reply === 'string') lua.lua_pushstring(state, bytes(reply))
  else if ('nothing' in reply) lua.lua_pushboolean(state, false)
  else if ('double' in reply) lua.lua_pushstring(state, bytes(String(reply.double)))
  else if ('status' in reply || 'error' in reply) {
    lua.lua_newtable(state)
    lua.lua_pushstring(state, bytes('status' in reply ? reply.status : reply.error))
    lua.lua_setfield(state, -2, to_luastring('status' in reply ? 'ok' : 'err'))
  } else {
    lua.lua_newtable(state)
    for (const [i, item] of listed(reply).entries()) {
      push(state, item)
      lua.lua_rawseti(state, -2, i + 1)
    }
  }
}

const listed = (reply: object): readonly Reply[] => {
  if (Array.isArray(reply)) return reply
  if ('set' in reply) return reply.set as readonly string[]
  if ('scored' in reply)
    return (reply.scored as readonly (readonly [string, number])[]).flatMap(([member, score]) => [member, String(score)])
  return 'map' in reply ? (reply.map as readonly (readonly [Reply, Reply])[]).flat() : []
}

/** The field of a table on top of the stack as text; undefined where it has none. */
const field = (state: State, name: string): string | undefined => {
  lua.lua_getfield(state, -1, to_luastring(name))
  const found = lua.lua_isstring(state, -1) ? text(lua.lua_tostring(state, -1)) : undefined
  lua.lua_pop(state, 1)
  return found
}

/** What a script returned: numbers lose their fraction, a list ends at its first nil. */
const pop = (state: State): Reply => {
  const type = lua.lua_type(state, -1)
  if (type === lua.LUA_TNUMBER) return Math.trunc(lua.lua_tonumber(state, -1))
  if (type === lua.LUA_TSTRING) return text(lua.lua_tostring(state, -1))
  if (type === lua.LUA_TBOOLEAN) return lua.lua_toboolean(state, -1) ? 1 : null
  if (type !== lua.LUA_TTABLE) return null
  const [error, status] = [field(state, 'err'), field(state, 'ok')]
  if (error !== undefined) throw new Refusal(/^[A-Z]+ /.test(error) ? error : `ERR ${error}`)
  if (status !== undefined) return { status }
  const found: Reply[] = []
  for (let i = 1; ; i++) {
    lua.lua_rawgeti(state, -1, i)
    const ended = lua.lua_isnil(state, -1)
    if (!ended) found.push(pop(state))
    lua.lua_pop(state, 1)
    if (ended) return found
  }
}

/** A number as Redis's Lua words it for a command: a whole one has no fraction, also where a later Lua made a float of it (`-ARGV[5]`). */
const wordOf = (state: State, at: number): string =>
  lua.lua_type(state, at) === lua.LUA_TNUMBER ? String(lua.lua_tonumber(state, at)) : text(lua.lua_tostring(state, at))

const table = (state: State, name: string, values: readonly string[]): void => {
  push(state, values)
  lua.lua_setglobal(state, to_luastring(name))
}

/** Runs one script to its end; `call` runs a command. Throws a Refusal as the client gets it. */
export const runScript = (
  script: string,
  keys: readonly string[],
  args: readonly string[],
  call: (words: readonly string[]) => Reply,
): Reply => {
  const state = lauxlib.luaL_newstate()
  for (const [name, open] of Object.entries(libraries)) lauxlib.luaL_requiref(state, to_luastring(name), open, true)
  let refused: Refusal | undefined
  const command = (protectedCall: boolean) => (inner: State) => {
    const words = Array.from({ length: lua.lua_gettop(inner) }, (_, i) => wordOf(inner, i + 1))
    try {
      push(inner, call(words))
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      if (!protectedCall) {
        refused = error
        return lauxlib.luaL_error(inner, to_luastring('refused'))
      }
      push(inner, { error: error.message })
    }
    return 1
  }
  lua.lua_newtable(state)
  for (const [name, isProtected] of [
    ['call', false],
    ['pcall', true],
  ] as const) {
    lua.lua_pushcfunction(state, command(isProtected))
    lua.lua_setfield(state, -2, to_luastring(name))
  }
  lua.lua_setglobal(state, to_luastring('redis'))
  table(state, 'KEYS', keys)
  table(state, 'ARGV', args)
  if (lauxlib.luaL_dostring(state, to_luastring(asIn51))) throw new Error(text(lua.lua_tostring(state, -1)))
  if (lauxlib.luaL_loadbuffer(state, bytes(script), null, to_luastring('@user_script')))
    throw new Refusal(`ERR Error compiling script (new function): ${text(lua.lua_tostring(state, -1))}`)
  if (lua.lua_pcall(state, 0, 1, 0)) throw refused ?? new Refusal(`ERR ${text(lua.lua_tostring(state, -1))}`)
  return pop(state)
}
