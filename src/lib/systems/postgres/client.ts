/** The one import of `pg`: loaded when the first connection opens. */
export { Client } from 'pg'
