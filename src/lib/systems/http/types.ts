import type { System } from '../systems.ts'

/** What a server answered, without its body. */
export interface Answer {
  readonly status: number
  /** Only those that say who answered, from where, and where to go on: server, cf-ray, cf-cache-status, age, location, retry-after, content-type. */
  readonly headers: Readonly<Record<string, string>>
  /** From the first packet to the last header, the TLS handshake included: every GET is a new connection. */
  readonly latencyMs: number
}

export interface HttpReader {
  /** GETs an https URL by its public name; redirects are not followed. Throws Unreachable (`http-…`) where there is no answer at all. */
  get(url: string): Promise<Answer>
}

/** Nothing is changed over plain HTTP. */
export type HttpWriter = Readonly<Record<never, never>>

declare module '../systems.ts' {
  interface Systems {
    readonly http: System<HttpReader, HttpWriter>
  }
}
