import { Usage } from '../errors.ts'

/** Why nothing is changed in this deployment from here. */
export const readOnly = (environment: string): Usage =>
  new Usage({
    code: 'read-only',
    failed: `${environment} may only be looked at from here`,
    cause: 'Its configuration says readonly: true, or HONEYDUE_READONLY is set',
    next: 'honeydue config:explain',
  })
