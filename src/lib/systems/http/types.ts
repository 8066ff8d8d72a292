import type { Duration } from '../../clock.ts'
import type { Secret } from '../../secret.ts'
import type { Shown, System } from '../systems.ts'

/** What a server answered, without its body. */
export interface Answer {
  readonly status: number
  /** Only those that say who answered, from where, and where to go on: server, cf-ray, cf-cache-status, age, location, retry-after, content-type. */
  readonly headers: Readonly<Record<string, string>>
  /** From the first packet to the last header, the TLS handshake included: every GET is a new connection. */
  readonly latencyMs: number
}

/** Of HTTP's basic authentication. */
export interface Login {
  readonly user: string
  readonly password: Secret
}

export interface HttpReader {
  /** GETs an https URL by its public name; redirects are not followed. Throws Unreachable (`http-…`) where there is no answer at all. */
  get(url: string, login?: Login): Promise<Answer>
  /** The JSON that an https URL answers 200 with, of 64 kB at most. Throws Unreachable (`http-…`). */
  json(url: string): Promise<unknown>
}

/** Nothing is changed over plain HTTP. */
export type HttpWriter = Readonly<Record<never, never>>

/** `success`: 2xx; `usable`: below 500; `any`: of whoever is behind the edge, and not its own 52x and 530. */
export interface Wanted {
  readonly url: string
  readonly like: 'success' | 'usable' | 'any'
}

export interface HttpProver {
  /** Each of them answers so, `within` milliseconds. */
  answers(wanted: { readonly urls: readonly Wanted[]; readonly within?: Duration }): Shown
  /** It asks for a login: 401 without one. `user` with the password in a file is not refused. */
  asksLogin(wanted: { readonly url: string; readonly user?: string; readonly file?: string }): Shown
  /** The edge serves no copy of these that is as old, in seconds. */
  fresher(urls: readonly { readonly url: string; readonly than: number }[]): Shown
}

declare module '../systems.ts' {
  interface Systems {
    readonly http: System<HttpReader, HttpWriter, HttpProver>
  }
}
