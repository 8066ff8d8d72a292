import { restorePoint } from '../../src/lib/procedures/db/restore-point.ts'
import { markName } from '../../src/lib/restore-point-name.ts'
import { neon } from '../../src/lib/sandbox/deployment/facts.ts'
import { useSystems } from '../support/systems-of.ts'
import { useSandbox } from '../support/worlds.ts'
import { laws } from './laws.ts'
import { wholeSubject } from './whole-subject.ts'

const sandbox = useSandbox({ postgres: true })
const { systems, close } = useSystems(sandbox)

const marked = (minutesAgo: number, more: { readonly version?: bigint; readonly parent?: string } = {}) => {
  const at = new Date(Date.now() - minutesAgo * 60_000)
  sandbox().neon.branches.push({
    id: `br-old-${minutesAgo}`,
    name: markName(more.version ?? 2n, at),
    project_id: neon.project,
    parent_id: more.parent ?? neon.branch,
    current_state: 'ready',
    default: false,
    created_at: at.toISOString(),
  })
}

laws(
  restorePoint,
  wholeSubject({
    sandbox,
    systems,
    close,
    // The minute in a name, and how far Neon is with it, change by themselves.
    observe: () => sandbox().neon.branches.map(({ name, parent_id }) => [name.replace(/\d{8}-\d{4}/, ''), parent_id]),
  }),
  [
    { name: 'healthy', input: {}, arrange: () => {}, meets: 'work' },
    { name: 'one of this version and of the last hour', input: {}, arrange: () => marked(40), meets: 'nothing to do' },
    { name: 'only an old one', input: {}, arrange: () => marked(61), meets: 'work' },
    { name: 'only one of another version', input: {}, arrange: () => marked(1, { version: 1n }), meets: 'work' },
    { name: 'only one of another branch', input: {}, arrange: () => marked(1, { parent: 'br-another' }), meets: 'work' },
    {
      name: 'one operation of somebody else before ours',
      input: {},
      arrange: () => {
        sandbox().neon.locked = 1
      },
      meets: 'work',
    },
    {
      name: 'the project of another database',
      input: {},
      arrange: () => {
        sandbox().neon.compute = 'ep-other-compute-a1b2c3d4'
      },
      refused: /the project at Neon has no compute/,
    },
  ],
)
