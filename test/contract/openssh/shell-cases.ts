import { systemClock } from '../../../src/lib/clock.ts'
import { nodesSystem } from '../../../src/lib/systems/nodes/nodes.ts'
import { framed } from '../../../src/lib/systems/nodes/script.ts'
import type { ContractCase } from '../contract.ts'
import { codeOf, on, timeoutMs } from './ask.ts'
import type { SshWorld } from './world.ts'

/** What a script of ours printed, through whatever its login shell does. */
const answer = (world: SshWorld, alias: string, script: string) =>
  on(world.configFile, alias, async (connection) => {
    const { command, read } = framed(script)
    const found = read(await connection.run(command, { timeoutMs }))
    return found && { code: found.code, stdout: found.stdout, stderr: found.stderr }
  })

const odd = `printf '%s|' "it's" '!x' '\\0012' '$HOME' '\`id\`' '#' '~' '*'; echo; echo "LC_ALL=$LC_ALL LANGUAGE=$LANGUAGE" >&2; exit 3`
const said = { code: 3, stdout: "it's|!x|\\0012|$HOME|`id`|#|~|*|\n", stderr: 'LC_ALL=C LANGUAGE=C\n' }

/** Login shells as people have them. */
export const shellCases: readonly ContractCase<SshWorld>[] = [
  { name: 'a script of odd characters', expected: said, give: (world) => answer(world, 'hetzner1', odd) },
  {
    name: 'a long script',
    expected: { code: 0, stdout: `${'0123456789 '.repeat(2000)}\n`, stderr: '' },
    give: (world) => answer(world, 'hetzner1', `echo '${'0123456789 '.repeat(2000)}'`),
  },
  {
    name: 'a start-up file that prints on both streams, sets a language, and reads',
    expected: said,
    give: async (world) => {
      await world.startup(
        'hetzner1',
        'printf Welcome; echo "stdin: is not a tty" >&2; export LANGUAGE=de LC_ALL=fr_FR.UTF-8; TMOUT=1; read -r line; cat',
      )
      return answer(world, 'hetzner1', odd)
    },
  },
  {
    name: 'another command in place of ours, in its own words',
    expected: ['ssh-command', 'it ran something else than what was asked (exit 142): Please login as the user "debian"'],
    give: async (world) => {
      await world.forced('hetzner2', `echo 'Please login as the user "debian"'; exit 142`)
      const nodes = nodesSystem({ configFile: world.configFile, clock: systemClock })
      try {
        return await nodes.read.facts('hetzner2').then(
          () => 'answered',
          (error) => [error.code, error.likely],
        )
      } finally {
        await nodes.close()
      }
    },
  },
  {
    name: 'one session at a time: twelve commands at once all run',
    expected: Array.from({ length: 12 }, (_, n) => `${n}\n`),
    give: async (world) => {
      await world.oneSession('hetzner1')
      return on(world.configFile, 'hetzner1', async ({ run }) => {
        const runs = await Promise.all(Array.from({ length: 12 }, (_, n) => run(`echo ${n}`, { timeoutMs })))
        return runs.map(({ stdout }) => stdout)
      })
    },
  },
  {
    name: 'one session at a time, which lasts: the next waits for it',
    expected: ['accepted', 'accepted'],
    give: async (world) => {
      await world.oneSession('hetzner1')
      return on(world.configFile, 'hetzner1', ({ run }) =>
        Promise.all(['sleep 1', 'true'].map((command) => codeOf(run(command, { timeoutMs })))),
      )
    },
  },
]
