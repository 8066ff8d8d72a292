import type { ChildProcess } from 'node:child_process'
import { Duplex } from 'node:stream'

/** The standard streams of a child as one stream, which ends it. */
export const streamOf = (child: ChildProcess, ending: () => Error): Duplex => {
  if (!child.stdin || !child.stdout) throw new Error('the child has no streams')
  child.stdin.on('error', () => {})
  const stream = Duplex.from({ readable: child.stdout, writable: child.stdin })
  const end = () => void child.kill()
  stream.on('close', end).on('error', end)
  child.on('close', (code) => {
    if (code && !stream.destroyed) stream.destroy(ending())
  })
  return stream
}
