import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

// Shows the program as a user meets it: every line below is typed as it stands, against a sandbox that this script starts and ends.
const root = fileURLToPath(new URL('..', import.meta.url))
const home = await mkdtemp(join(tmpdir(), 'honeydue-demo-'))
const environment = join(home, 'environment.yaml')
const user = '7'

const steps = [
  {
    say: 'A deployment to look at: three nodes, Kubernetes, Redis and PostgreSQL, all on this machine.',
    args: ['sandbox:up', '--dir', home, '--detach'],
  },
  { say: 'How are the nodes?', args: ['nodes:status', '--env', environment] },
  { say: 'What does the cache hold?', args: ['cache:status', '--env', environment] },
  {
    say: 'A user sees old residences. What would clearing their cached list change?',
    args: ['cache:invalidate', '--user', user, '--dry-run', '--env', environment],
  },
  { say: 'Do it.', args: ['cache:invalidate', '--user', user, '--env', environment] },
  { say: 'Again: nothing is left to do.', args: ['cache:invalidate', '--user', user, '--env', environment] },
  { say: 'Who is connected to the database?', args: ['db:connections', '--env', environment] },
]

let failed = 0
try {
  failed = await run('npm', ['run', '--silent', 'build'], 'Build.')
  for (const { say, args } of steps) {
    if (failed === 0) failed = await run(process.execPath, [join(root, 'bin', 'run.js'), ...args], say, `honeydue ${args.join(' ')}`)
  }
} finally {
  await run(
    process.execPath,
    [join(root, 'bin', 'run.js'), 'sandbox:down', '--dir', home],
    'The end.',
    `honeydue sandbox:down --dir ${home}`,
  )
  await rm(home, { recursive: true, force: true })
}
process.exitCode = failed

async function run(command, args, say, typed = [command, ...args].join(' ')) {
  process.stdout.write(`\n# ${say}\n$ ${typed.replaceAll(home, '$DIR')}\n`)
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  const [code] = await once(child, 'exit')
  return code ?? 1
}
