/** A way to be broken; `undefined` heals. */
export type RedisFault =
  | { readonly kind: 'silent' | 'wrong-password' | 'read-only' | 'loading' | 'dies-mid-reply' | 'hangs-up' | 'protected' | 'full' }
  /** These commands are answered with such an error: an ACL, a renamed command, a disk that is full. */
  | { readonly kind: 'refuses'; readonly commands: readonly string[]; readonly words: string }
  | { readonly kind: 'slow'; readonly ms: number }

/** The beginning of what Redis 7.0 says to whoever comes from another machine and finds no password set. */
const protectedMode =
  "DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the default user. In this mode connections are only accepted from the loopback interface. If you want to connect from external computers to Redis you may adopt one of the following solutions: 1) Just disable protected mode sending the command 'CONFIG SET protected-mode no' from the loopback interface."

/** What it says at once, and then ends the connection. */
export const turnsAway = { protected: protectedMode, full: 'ERR max number of clients reached' } as const

/** Commands of a connection's beginning: a server that dies in the middle of a reply has greeted before. */
export const greetings = new Set(['auth', 'hello', 'client', 'select', 'ping'])
