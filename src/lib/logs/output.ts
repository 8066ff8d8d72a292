/** Standard output, written as fast as it is read: what waits for a slow pipe is no more than one piece. */
export const output = (stream: NodeJS.WriteStream) => {
  let closed = false
  return {
    /** False when nobody reads any more, such as head that has had enough. */
    write: (text: string): Promise<boolean> =>
      new Promise((resolve) => {
        if (closed || stream.destroyed || !stream.writable) {
          closed = true
          return resolve(false)
        }
        stream.write(text, (error) => {
          closed ||= error !== undefined && error !== null
          resolve(!closed)
        })
      }),
    isClosed: (): boolean => closed,
  }
}
