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
const direct = 'ep-floral-truth-amttbc5a.c-5.us-east-1.aws.neon.tech'
const pooler = 'ep-floral-truth-amttbc5a-pooler.c-5.us-east-1.aws.neon.tech'

const steps = [
  {
    say: 'A deployment to look at: three nodes, Kubernetes, Redis and PostgreSQL, all on this machine.',
    args: ['sandbox:up', '--dir', home, '--detach'],
  },
  { say: 'How are the nodes?', args: ['nodes:status', '--env', environment] },
  {
    say: 'The pooler is to be left. What would that change?',
    args: ['db:switch-host', '--to', 'direct', '--dry-run', '--env', environment],
  },
  {
    say: 'Without a terminal, and without a confirmation, nothing happens.',
    args: ['db:switch-host', '--to', 'direct', '--env', environment],
    exit: 2,
  },
  {
    say: 'Do it. The plan said what to confirm.',
    args: ['db:switch-host', '--to', 'direct', '--confirm', `sandbox/${direct}`, '--env', environment],
  },
  {
    say: 'Does it hold? The same command finds nothing left to do.',
    args: ['db:switch-host', '--to', 'direct', '--dry-run', '--env', environment],
  },
  { say: 'And back.', args: ['db:switch-host', '--to', 'pooler', '--confirm', `sandbox/${pooler}`, '--env', environment] },
]

let failed = 0
try {
  failed = await run('npm', ['run', '--silent', 'build'], 'Build.')
  for (const { say, args, exit = 0 } of steps) {
    if (failed !== 0) break
    const code = await run(process.execPath, [join(root, 'bin', 'run.js'), ...args], say, `honeydue ${args.join(' ')}`)
    // A report that finds something wrong (exit 3) has done its work.
    if (code !== exit && !(code === 3 && args[0] === 'nodes:status')) failed = code || 1
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
