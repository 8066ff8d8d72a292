/** The part of fengari, a Lua in JavaScript that comes without types, which the sandbox's EVAL uses. Strings are bytes. */
declare module 'fengari' {
  type Bytes = Uint8Array
  type State = { readonly _lua: unique symbol }
  type Function = (state: State) => number
  interface Fengari {
    readonly to_luastring: (text: string) => Bytes
    readonly lua: {
      readonly LUA_TBOOLEAN: number
      readonly LUA_TNUMBER: number
      readonly LUA_TSTRING: number
      readonly LUA_TTABLE: number
      readonly lua_getfield: (state: State, index: number, name: Bytes) => number
      readonly lua_gettop: (state: State) => number
      readonly lua_isnil: (state: State, index: number) => boolean
      readonly lua_isstring: (state: State, index: number) => boolean
      readonly lua_newtable: (state: State) => void
      readonly lua_pcall: (state: State, args: number, results: number, handler: number) => number
      readonly lua_pop: (state: State, count: number) => void
      readonly lua_pushboolean: (state: State, value: boolean) => void
      readonly lua_pushcfunction: (state: State, call: Function) => void
      readonly lua_pushinteger: (state: State, value: number) => void
      readonly lua_pushstring: (state: State, text: Bytes) => Bytes
      readonly lua_rawgeti: (state: State, index: number, at: number) => number
      readonly lua_rawseti: (state: State, index: number, at: number) => void
      readonly lua_setfield: (state: State, index: number, name: Bytes) => void
      readonly lua_setglobal: (state: State, name: Bytes) => void
      readonly lua_toboolean: (state: State, index: number) => boolean
      readonly lua_tonumber: (state: State, index: number) => number
      readonly lua_tostring: (state: State, index: number) => Bytes | null
      readonly lua_type: (state: State, index: number) => number
    }
    readonly lauxlib: {
      readonly luaL_dostring: (state: State, script: Bytes) => boolean | number
      readonly luaL_error: (state: State, format: Bytes) => number
      readonly luaL_loadbuffer: (state: State, script: Bytes, size: null, name: Bytes) => number
      readonly luaL_newstate: () => State
      readonly luaL_requiref: (state: State, name: Bytes, open: Function, global: boolean) => void
    }
    readonly lualib: Readonly<Record<'luaopen_base' | 'luaopen_table' | 'luaopen_string' | 'luaopen_math', Function>>
  }
  const fengari: Fengari
  export default fengari
  export type { State }
}
