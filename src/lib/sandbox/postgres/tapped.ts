import { tell } from '../asked.ts'
import { splitter, startupParameters, textAt } from './wire.ts'

/** A statement that only begins or ends a transaction, or sets something for its length. */
const aroundOthers = /^(?:BEGIN|COMMIT|ROLLBACK|SET LOCAL|SELECT set_config\()/i
/** What changes something even where a transaction is read-only. */
const reachesOut = /\bpg_(?:terminate|cancel)_backend\(|\b(?:nextval|setval)\(/i

/** Hears what the command itself asks on one connection, and tells it; whatever else connects (pods, a psql) is not heard. */
export const tapped = (): ((chunk: Buffer) => void) => {
  let split: ReturnType<typeof splitter> | undefined
  let ours: boolean | undefined
  let readOnly = false
  const hear = (text: string): void => {
    if (/^BEGIN READ ONLY\b/i.test(text)) readOnly = true
    const changes = readOnly ? reachesOut.test(text) : !aroundOthers.test(text)
    if (/^(?:COMMIT|ROLLBACK)\b/i.test(text)) readOnly = false
    tell(() => ({ system: 'postgres', said: text, changes }))
  }
  return (chunk) => {
    if (ours === false) return
    if (split === undefined) {
      // The first message has no type.
      const length = chunk.length < 8 ? 0 : chunk.readInt32BE(0)
      ours = length >= 8 && length <= chunk.length && startupParameters(chunk.subarray(4, length))?.get('application_name') === 'honeydue'
      split = splitter()
      chunk = chunk.subarray(length)
    }
    if (!ours || chunk.length === 0) return
    for (const { type, body } of split(chunk)) {
      if (type === 'Q') hear(textAt(body, 0).text)
      // Parse: the statement stands behind its name.
      if (type === 'P') hear(textAt(body, textAt(body, 0).next).text)
    }
  }
}
