import type { IncomingMessage, ServerResponse } from 'node:http'
import type { User } from '../access/user.ts'
import type { Registry } from '../registry.ts'
import type { Resource } from '../resources.ts'
import type { Store } from '../store.ts'
import type { ControlPlane } from '../types.ts'
import type { RequestInfo } from './request-info.ts'

export interface Serving {
  /** Whose each bearer token is. */
  readonly tokens: Readonly<Record<string, User>>
  readonly store: Store
  readonly registry: Registry
  readonly controlPlane: () => ControlPlane
  readonly now: () => string
  readonly address: () => string
}

/** A request for a resource, with who sends it and what it asks for. */
export interface Call {
  readonly serving: Serving
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly info: RequestInfo
  readonly resource: Resource
  readonly user: User
}
