import { afterAll, afterEach, beforeAll } from 'vitest'
import { hosts, namespace } from '../src/lib/sandbox/deployment/facts.ts'
import { type Sandbox, type SandboxOptions, startSandbox } from '../src/lib/sandbox/sandbox.ts'

/** One sandbox for a test file, brought back to its start after each test: `const sandbox = useSandbox()`, then `sandbox()` in the tests. */
export function useSandbox(options: SandboxOptions = {}): () => Sandbox {
  let running: Sandbox | undefined
  beforeAll(async () => {
    running = await startSandbox(options)
  })
  afterEach(() => running?.reset())
  afterAll(() => running?.stop())
  return () => {
    if (!running) throw new Error('the sandbox runs only inside tests')
    return running
  }
}

/** Makes one state of the world out of a sandbox as it starts. */
export type World = (sandbox: Sandbox) => void | Promise<void>

const setHost = (sandbox: Sandbox, host: string) =>
  sandbox.kubernetes.client.update({ group: '', resource: 'configmaps' }, 'honeydue-config', namespace, (draft) => {
    draft.data = { ...(draft.data as Record<string, string>), DB_HOST: host }
  })

/** Named states; add one beside the others rather than building it inside a test. */
export const worlds = {
  healthy: () => {},
  /** A switch to the direct endpoint that stopped after its first write: the ConfigMap names it, no pod has started with it. */
  'switched in the ConfigMap only': (sandbox) => void setHost(sandbox, hosts.direct),
  'pooler down': ({ postgres }) => postgres.behave('pooler', { answer: 'silence' }),
  'direct endpoint down': ({ postgres }) => postgres.behave('direct', { answer: 'reset' }),
  'one node down': ({ nodes }) => nodes.setUp('hetzner2', false),
  'api server forbids': ({ kubernetes }) => void kubernetes.fail({ answer: { status: 403, reason: 'Forbidden', message: 'forbidden' } }),
} as const satisfies Readonly<Record<string, World>>
