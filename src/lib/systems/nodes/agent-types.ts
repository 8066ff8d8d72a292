import { connect } from 'node:net'

const withinMs = 2000
/** The agent's protocol: a request for its identities, and its answer. */
const request = Buffer.from([0, 0, 0, 1, 11])
const answer = 12

/** The types of all keys that an agent holds, those too that the library passes over. Empty when it does not answer. */
export const agentTypes = (socketPath: string): Promise<readonly string[]> =>
  new Promise((resolve) => {
    const socket = connect(socketPath)
    let said = Buffer.alloc(0)
    const end = (types: readonly string[]) => {
      socket.destroy()
      resolve(types)
    }
    socket.setTimeout(withinMs, () => end([]))
    socket.once('error', () => end([]))
    socket.once('close', () => end([]))
    socket.on('data', (chunk) => {
      said = Buffer.concat([said, chunk])
      if (said.length >= 4 && said.length >= 4 + said.readUInt32BE(0)) end(typesIn(said))
    })
    socket.write(request)
  })

/** Of each key: its blob, which begins with its type, and its comment. */
const typesIn = (said: Buffer): readonly string[] => {
  if (said[4] !== answer || said.length < 9) return []
  const types: string[] = []
  let offset = 9
  const next = () => {
    const length = said.readUInt32BE(offset)
    offset += 4 + length
    return said.subarray(offset - length, offset)
  }
  try {
    for (let left = said.readUInt32BE(5); left > 0; left--) {
      const blob = next()
      next()
      types.push(blob.subarray(4, 4 + blob.readUInt32BE(0)).toString('latin1'))
    }
  } catch (error) {
    // Not what an agent answers: nothing is known of its keys.
    if (error instanceof RangeError) return []
    throw error
  }
  return types
}
