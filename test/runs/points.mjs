// Loaded into the built program before itself (`node --import`): numbers and names what it writes, and ends or cuts it at the number that is asked for,
// or at the n-th point of a name ("2 before the line waiting 1"): how often a step waits is another number each time, and the same place has the same name.
// The program knows nothing of it.
import files, { appendFileSync } from 'node:fs'
import fs from 'node:fs/promises'
import http from 'node:http'
import https from 'node:https'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'

const { POINTS_LOG, POINTS_KILL, POINTS_CUT, POINTS_CUT_TO } = process.env
// What it starts itself (Node as a watcher) is not the program.
if (process.argv[1]?.endsWith('bin/run.js')) {
  let count = 0
  const named = new Map()
  /** Whether the point that is `ahead` of those so far is the one to be killed at. */
  const isIt = (name, ahead) => POINTS_KILL === String(count + ahead) || POINTS_KILL === `${(named.get(name) ?? 0) + ahead} ${name}`
  /** One moment at which a machine may lose its power. */
  const point = (name) => {
    count++
    named.set(name, (named.get(name) ?? 0) + 1)
    if (POINTS_LOG) appendFileSync(POINTS_LOG, `${count} ${name}\n`)
    if (!isIt(name, 0)) return
    process.kill(process.pid, 'SIGKILL')
    // Nothing more is done until the signal has come.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  }

  const open = fs.open
  fs.open = async (path, ...rest) => {
    const handle = await open(path, ...rest)
    const file = String(path)
    if (file.endsWith('.jsonl')) {
      const append = handle.appendFile.bind(handle)
      handle.appendFile = async (text) => {
        const { type, step = '' } = JSON.parse(text)
        point(`before the line ${type} ${step}`)
        if (isIt(`in the line ${type} ${step}`, 1)) await append(text.slice(0, text.length / 2))
        point(`in the line ${type} ${step}`)
        await append(text)
        point(`after the line ${type} ${step}`)
      }
    } else if (file.endsWith('.honeydue-new')) point(`a new file beside ${file.replace(/^.*\//, '').replace(/\.[^.]+\.honeydue-new$/, '')}`)
    return handle
  }
  const mkdtempSync = files.mkdtempSync
  files.mkdtempSync = (...args) => {
    const folder = mkdtempSync(...args)
    point(`a folder of its own ${folder.replace(/^.*\/|\d+-[0-9a-f]{10}|.{6}$/g, '')}`)
    return folder
  }
  const rename = fs.rename
  fs.rename = async (from, to) => {
    point('before a file takes its name')
    await rename(from, to)
    point('after a file took its name')
  }

  const writes = (method, path) =>
    method !== 'GET' &&
    method !== 'HEAD' &&
    !path.includes('dryRun=') &&
    !/\/selfsubject/.test(path) &&
    !(method === 'PATCH' && path.includes('/leases/'))
  for (const module of [http, https]) {
    const request = module.request
    module.request = (options, ...rest) => {
      const { method = 'GET', path = '' } = options
      if (!writes(method, path)) return request(options, ...rest)
      const what = `${method} ${path.split('?')[0].replace(/(?<=\/pods\/)[^/]+|(?<=\/)[0-9a-f-]{16,}/g, '*')}`
      point(`before ${what}`)
      const sent = request(options, ...rest)
      sent.prependOnceListener('response', () => point(`after ${what}`))
      return sent
    }
  }

  // Each connection by its number; the one that is asked for leads to somebody who answers badly.
  let connections = 0
  const connect = net.Socket.prototype.connect
  net.Socket.prototype.connect = function (...args) {
    const [options] = Array.isArray(args[0]) ? args[0] : args
    if (options?.port !== undefined && !options.path) {
      connections++
      if (POINTS_LOG) appendFileSync(POINTS_LOG, `connection ${connections} ${options.port}\n`)
      if (String(connections) === POINTS_CUT) options.port = Number(POINTS_CUT_TO)
    }
    return connect.apply(this, args)
  }
  syncBuiltinESMExports()
}
