import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { PassThrough, Writable } from 'node:stream'
import { Exec, KubeConfig } from '@kubernetes/client-node'
import { expect, test } from 'vitest'
import { namespace } from '../../../src/lib/sandbox/deployment/facts.ts'
import { apart } from '../../../src/lib/sandbox/kubernetes/kubelet/apart.ts'
import { listenOnLoopback } from '../../../src/lib/sandbox/loopback.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox()

/** Types a command into the first pod of a workload; what it printed, and how it ended. */
const typed = async (name: string, command: readonly string[]): Promise<string> => {
  const config = new KubeConfig()
  config.loadFromFile(`${sandbox().dir}/admin.kubeconfig`)
  const { client } = sandbox().kubernetes
  const [pod] = client.list({ group: '', resource: 'pods' }, { namespace, labels: { 'app.kubernetes.io/name': name } })
  const said: string[] = []
  const into = () => new Writable({ write: (chunk, _, done) => done(void said.push(String(chunk))) })
  const status = await new Promise<{ readonly status?: string; readonly message?: string }>((resolve, reject) => {
    new Exec(config)
      .exec(namespace, pod?.metadata.name ?? '', name, [...command], into(), into(), new PassThrough(), false, resolve)
      .catch(reject)
  })
  return [...said, status.status === 'Success' ? '' : (status.message ?? '')].join('').trim()
}

test("redis-cli in Redis's pod speaks to the sandbox's Redis, and to nothing else of this machine", async () => {
  const cli = (words: string) => typed('redis', ['sh', '-c', `REDISCLI_AUTH="$REDIS_PASSWORD" redis-cli ${words}`])
  expect(await cli('set mine 1')).toBe('OK')
  expect(await cli('-h 127.0.0.1 -p 6379 get mine')).toBe('1')
  expect(await cli('-h redis get mine')).toBe('1')
  for (const elsewhere of ['-p 6380 ping', '-h 10.1.2.3 ping', '-s /run/redis.sock ping', '-u redis://127.0.0.1:6379 ping'])
    expect(await cli(elsewhere)).toMatch(/^Could not connect to Redis at .*: Connection refused/)
})

test.each([['psql'], ['curl'], ['nc'], ['ssh'], ['python3'], ['node'], ['bash'], ['/usr/bin/redis-cli'], ['kubectl']])(
  'a slim image has no %s, and neither has a shell in it',
  async (program) => {
    expect(await typed('api', [program, '--version'])).toContain('executable file not found in $PATH')
    if (!program.includes('/')) expect(await typed('redis', ['sh', '-c', `${program} --version`])).toContain('not found')
  },
)

test('what an image has runs in an empty folder with the container’s own environment', async () => {
  expect(await typed('api', ['/bin/sh', '-c', 'pwd >/dev/null && ls && printenv DB_HOST | head -c 9; exit 0'])).toBe('ep-floral')
})

// Where no namespaces are to be had, SECURITY.md says what still reaches this machine.
test.runIf(apart().length > 0)('a program named by its path reaches nothing that listens on this machine', async () => {
  let reached = 0
  const server = createServer((socket) => {
    reached++
    socket.on('error', () => {}).end('reached')
  })
  const port = await listenOnLoopback(server)
  const bash = ['/bin/bash', '/usr/bin/bash'].find((path) => existsSync(path))
  const node = process.execPath
  const lines = [
    `${node} -e "require('net').connect(${port}, '127.0.0.1').on('data', (text) => console.log(String(text))).on('error', () => console.log('refused'))"`,
    ...(bash ? [`${bash} -c 'exec 3<>/dev/tcp/127.0.0.1/${port} && cat <&3' 2>/dev/null || echo refused`] : []),
    ...(existsSync('/usr/bin/curl') ? [`/usr/bin/curl -s --max-time 5 http://127.0.0.1:${port} || echo refused`] : []),
  ]
  for (const line of lines) expect(await typed('api', ['sh', '-c', line])).toBe('refused')
  expect(await typed('api', ['sh', '-c', 'ls -A /run'])).toBe('')
  expect(reached).toBe(0)
  server.close()
})
