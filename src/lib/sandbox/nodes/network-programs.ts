/**
 * What stands in for `openssl s_client` and `curl` on a machine that has neither: as much of them as honeydue asks of a node. Each runs
 * alone in a process of its own, from its own text, so it names nothing outside itself.
 */

/** Prints the certificate that HOST:PORT serves for a name: `s_client -connect HOST:PORT -servername NAME`. */
const openssl = (words: readonly string[]): void => {
  const { connect } = process.getBuiltinModule('node:tls')
  const after = (flag: string) => words[words.indexOf(flag) + 1] ?? ''
  const [host = '', port = ''] = after('-connect').split(':')
  if (words[0] !== 's_client' || !words.includes('-connect') || !words.includes('-servername')) {
    process.stderr.write('This stands in for openssl, and knows s_client -connect HOST:PORT -servername NAME alone\n')
    process.exit(1)
  }
  const socket = connect({ host, port: Number(port), servername: after('-servername'), rejectUnauthorized: false, timeout: 10_000 })
  socket.once('secureConnect', () => {
    const lines =
      socket
        .getPeerCertificate()
        .raw.toString('base64')
        .match(/.{1,64}/g) ?? []
    process.stdout.write(`-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`)
    socket.end()
  })
  socket.once('timeout', () => socket.destroy(new Error('no answer')))
  socket.once('error', (error) => {
    process.stderr.write(`${error.message}\n`)
    process.exit(1)
  })
}

/** Asks every URL at once, and says of each: its number, curl's exit code, the status, the seconds. */
const curl = (words: readonly string[]): void => {
  const { request } = process.getBuiltinModule('node:https')
  const after = (flag: string) => words[words.indexOf(flag) + 1] ?? ''
  const port = Number(after('--connect-to').split(':').at(-1))
  const limit = Number(/^-m ?(\d+)$/.exec(words.find((word) => word.startsWith('-m')) ?? '')?.[1] ?? after('-m')) || 60
  if (!/^%\{urlnum\} %\{exitcode\} %\{http_code\} %\{time_total\}/.test(after('-w'))) {
    process.stderr.write('This stands in for curl, and knows what honeydue asks of a node alone\n')
    process.exit(2)
  }
  for (const [number, text] of words.filter((word) => word.startsWith('https://')).entries()) {
    const url = new URL(text)
    const began = performance.now()
    let told = false
    const tell = (exit: number, status = 0) => {
      if (told) return
      told = true
      if (exit !== 0) process.exitCode = exit
      const took = ((performance.now() - began) / 1000).toFixed(6)
      process.stdout.write(`${number} ${exit} ${String(status).padStart(3, '0')} ${took}\n`)
    }
    let secure = false
    const asked = request(
      {
        host: '127.0.0.1',
        port,
        servername: url.hostname,
        path: url.pathname + url.search,
        headers: { host: url.host, 'user-agent': 'curl', accept: '*/*' },
        rejectUnauthorized: false,
        agent: false,
        signal: AbortSignal.timeout(limit * 1000),
      },
      (response) => {
        response.resume()
        response.once('end', () => tell(0, response.statusCode))
        response.once('error', () => tell(56, response.statusCode))
      },
    )
    asked.once('socket', (socket) => {
      socket.once('secureConnect', () => {
        secure = true
      })
    })
    asked.once('error', (error: NodeJS.ErrnoException) => {
      tell(error.code === 'ECONNREFUSED' ? 7 : error.name === 'AbortError' || error.name === 'TimeoutError' ? 28 : secure ? 52 : 35)
    })
    asked.end()
  }
}

const inItsOwn = (program: (words: readonly string[]) => void): string => {
  const text = `(${program})(process.argv.slice(1))`
  return `exec '${process.execPath.replaceAll("'", `'\\''`)}' -e '${text.replaceAll("'", `'\\''`)}' -- "$@"\n`
}

/** Scripts for the end of a node's PATH: what the machine has comes first. */
export const networkPrograms: Readonly<Record<string, string>> = { openssl: inItsOwn(openssl), curl: inItsOwn(curl) }
