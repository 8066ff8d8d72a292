import type { ShellLine } from '../shell.ts'

/** Shell lines that do the same as one writer call, and the object that it changes. Secrets stand in it as shell variables. */
export interface Said {
  /** What has to stand before such lines, once however many of them there are: variables, functions, the folder. */
  readonly before?: readonly ShellLine[]
  /** Each stops what follows when it fails, in a shell that was told to (`set -eu`). */
  readonly line: ShellLine | readonly ShellLine[]
  /** The changed object, as an operator names it: "ConfigMap honeydue/honeydue-config". */
  readonly target: string
  /** Files of this machine that it writes: beside these a process that is killed may leave a new one. */
  readonly files?: readonly string[]
}

/** Shell lines that stop where something is not so. */
export interface Shown {
  readonly before?: readonly ShellLine[]
  readonly lines: readonly ShellLine[]
}

// biome-ignore lint/suspicious/noExplicitAny: the one place where a writer's arguments are of every kind
type Write = (...args: any[]) => Promise<void>

/** Readers return data and change nothing. */
export type ReaderShape = object
/** Writers change one thing and return nothing. */
export type WriterShape<W> = { readonly [K in keyof W]: Write }

/** What answered over a system's own connection, for the head of a plan. */
export interface Reached {
  /** "cluster production at https://10.0.0.2:6443, CA 3F:9A:…". */
  readonly line: string
  /** The part of it that does not pass: where it is another one just before a write, the plan was made for something else. */
  readonly is: string
}

/** The shell lines of every call of a writer. */
export type WriterSay<W extends WriterShape<W>> = { readonly [K in keyof W]: (...args: Parameters<W[K]>) => Said }

/** One outside thing, spoken to over its real protocol through a connection that opens at first use. */
export interface System<R extends ReaderShape, W extends WriterShape<W>, P extends object = object> {
  readonly read: R
  /** The same for one look at the world, which gives up when it has waited for too long in all: a plan or a report, no waiting for something to come. */
  readonly oneLook?: () => R
  /** Questions whose answers several parts of one look share: reads of what is, not streams nor waiting. */
  readonly askedOnce?: readonly (keyof R & string)[]
  readonly write: W
  /** The shell line of every writer call: the manual lines of a plan are made of these. */
  readonly say: WriterSay<W>
  /** Shell lines that stop where something of this system is not so. */
  readonly prove?: P
  /** Writer calls that the live system can try without changing anything (Kubernetes' dryRun=All). Throws what the real call would. */
  readonly rehearse?: { readonly [K in keyof W]?: (...args: Parameters<W[K]>) => Promise<void> }
  /** What has answered so far. Asks nothing itself. */
  readonly reached?: () => Promise<readonly Reached[]>
  close(): Promise<void>
}

/** Every system by name. Each system's folder adds itself here by declaration merging, so that `plan/` need not know them. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by `declare module` in each system's types.ts
export interface Systems {}

export type Name = keyof Systems
export type Readers<N extends Name> = { readonly [K in N]: Systems[K] extends { readonly read: infer R } ? R : never }
export type Writers<N extends Name> = { readonly [K in N]: Systems[K] extends { readonly write: infer W } ? W : never }
export type Provers<N extends Name> = { readonly [K in N]: Systems[K] extends { readonly prove?: infer P } ? NonNullable<P> : never }
