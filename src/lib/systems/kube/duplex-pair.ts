import { Duplex } from 'node:stream'

/** Two ends of one pipe: what is written to one is read from the other (node:stream has this from Node 22.6 on). */
export const duplexPair = (): readonly [Duplex, Duplex] => {
  let release: [(() => void) | undefined, (() => void) | undefined] = [undefined, undefined]
  const end = (side: 0 | 1, other: () => Duplex): Duplex =>
    new Duplex({
      read() {
        const go = release[side]
        release = side === 0 ? [undefined, release[1]] : [release[0], undefined]
        go?.()
      },
      write(chunk, _encoding, done) {
        if (other().push(chunk)) return done()
        release = side === 0 ? [release[0], done] : [done, release[1]]
      },
      final(done) {
        other().push(null)
        done()
      },
      destroy(error, done) {
        if (!other().destroyed) setImmediate(() => other().destroy())
        done(error)
      },
    })
  const one: Duplex = end(0, () => two)
  const two: Duplex = end(1, () => one)
  return [one, two]
}
