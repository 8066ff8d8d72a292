import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { Duplex } from 'node:stream'

/** The standard streams of a child as one stream, which ends it. A child that fails ends it with `ending()`, whichever of its streams closed first. */
export const streamOf = (child: ChildProcessWithoutNullStreams, ending: () => Error): Duplex => {
  const { stdin, stdout } = child
  stdin.on('error', () => {})
  const stream = new Duplex({
    read: () => void stdout.resume(),
    write: (chunk, _encoding, done) => void stdin.write(chunk, () => done()),
    final: (done) => void stdin.end(() => done()),
    destroy: (error, done) => {
      child.kill()
      done(error)
    },
  })
  stdout.on('data', (chunk: Buffer) => {
    if (!stream.push(chunk)) stdout.pause()
  })
  child.once('error', (error) => stream.destroy(error))
  child.once('close', (code) => {
    if (stream.destroyed) return
    if (code === 0) stream.push(null)
    else stream.destroy(ending())
  })
  return stream
}
