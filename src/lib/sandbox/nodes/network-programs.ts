import { quoted } from '../quoted.ts'

/**
 * What stands in for `openssl s_client` and `curl` on a machine that has neither: as much of them as honeydue asks of a node. They are
 * texts, because each runs in a process of its own and the bundle renames what functions refer to.
 */

/** Prints the certificate that HOST:PORT serves for a name: `s_client -connect HOST:PORT -servername NAME`. */
const openssl = String.raw`
const words = process.argv.slice(1)
const after = (flag) => words[words.indexOf(flag) + 1] ?? ''
const fail = (text) => { console.error(text); process.exit(1) }
if (words[0] !== 's_client' || !words.includes('-connect') || !words.includes('-servername'))
  fail('This stands in for openssl, and knows s_client -connect HOST:PORT -servername NAME alone')
const [host, port] = after('-connect').split(':')
const socket = require('node:tls').connect({ host, port: Number(port), servername: after('-servername'), rejectUnauthorized: false, timeout: 10000 })
socket.once('secureConnect', () => {
  const lines = socket.getPeerCertificate().raw.toString('base64').match(/.{1,64}/g)
  console.log(['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----'].join('\n'))
  socket.end()
})
socket.once('timeout', () => fail('no answer'))
socket.once('error', (error) => fail(error.message))
`

/** Asks every URL at once, and says of each: its number, curl's exit code, the status, the seconds. */
const curl = `
const words = process.argv.slice(1)
const after = (flag) => words[words.indexOf(flag) + 1] ?? ''
if (!after('-w').startsWith('%{urlnum} %{exitcode} %{http_code} %{time_total}')) {
  console.error('This stands in for curl, and knows what honeydue asks of a node alone')
  process.exit(2)
}
const port = Number(after('--connect-to').split(':').at(-1))
const limit = Number(after('-m')) || 60
const ask = (url, number) => {
  const began = performance.now()
  let secure = false
  let told = false
  const tell = (exit, status = 0) => {
    if (told) return
    told = true
    if (exit !== 0) process.exitCode = exit
    console.log(number, exit, String(status).padStart(3, '0'), ((performance.now() - began) / 1000).toFixed(6))
  }
  const asked = require('node:https').request({
    host: '127.0.0.1', port, servername: url.hostname, path: url.pathname + url.search, agent: false, rejectUnauthorized: false,
    headers: { host: url.host, 'user-agent': 'curl', accept: '*/*' },
  })
  setTimeout(() => asked.destroy(Object.assign(new Error('late'), { name: 'TimeoutError' })), limit * 1000).unref()
  asked.once('response', (response) => {
    response.resume().once('end', () => tell(0, response.statusCode)).once('error', () => tell(56, response.statusCode))
  })
  asked.once('socket', (socket) => socket.once('secureConnect', () => { secure = true }))
  asked.once('error', ({ code, name }) => tell(code === 'ECONNREFUSED' ? 7 : /Abort|Timeout/.test(name) ? 28 : secure ? 52 : 35))
  asked.end()
}
words.filter((word) => word.startsWith('https://')).forEach((word, i) => ask(new URL(word), i))
`

const inItsOwn = (program: string): string => `exec ${quoted(process.execPath)} -e ${quoted(program)} -- "$@"\n`

/** Scripts for the end of a node's PATH: what the machine has comes first. */
export const networkPrograms: Readonly<Record<string, string>> = { openssl: inItsOwn(openssl), curl: inItsOwn(curl) }
