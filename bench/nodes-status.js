// nodes:status beside what an operator types instead: three `ssh` at once and `kubectl get nodes`, over a link of 50 ms a round trip; and of a hundred nodes
// beside itself of three. Usage: node bench/nodes-status.js [RUNS] [MILLISECONDS EACH WAY]
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { alone, honeydue, inTurn, measured, row, withSandbox } from './support.js'

const three = ['hetzner1', 'hetzner2', 'hetzner3']
// The second asks of a node what the report asks: the sandbox's nodes are this machine, and its processes are the greater part there.
const questions = {
  uptime: 'uptime',
  'the same facts': 'uptime; free; df /; hostname; nproc; sudo ufw status; k3s --version; systemctl is-active k3s; timedatectl',
}

const status = (file) => () => honeydue(['nodes:status', '--env', file], { codes: [0, 3] })

const overLink = (runs, delay) =>
  withSandbox(['--delay', String(delay)], async ({ dir, file, kubeconfig }) => {
    const byHand = (question) => () => {
      const asked = three.map((alias) => `ssh -F '${join(dir, 'ssh/config')}' ${alias} '${question}' & `).join('')
      return measured('sh', ['-c', `${asked} kubectl get nodes; wait`], { more: { KUBECONFIG: kubeconfig } })
    }
    const all = []
    for (const [name, question] of Object.entries(questions))
      all.push(
        row(
          `\`nodes:status\` over ${2 * delay} ms`,
          `three \`ssh\` for ${name}, and kubectl`,
          await inTurn(runs, status(file), byHand(question)),
          1,
        ),
      )
    return all
  })

/** The same three machines under a hundred names. */
const hundred = ({ dir, file }) => {
  const blocks = readFileSync(join(dir, 'ssh/config'), 'utf8').split(/^(?=Host )/m)
  const names = Array.from({ length: 100 }, (_, n) => `node${n}`)
  const config = join(dir, 'ssh/hundred')
  writeFileSync(config, names.map((alias, n) => blocks[n % blocks.length].replace(/^Host .*/, `Host ${alias}`)).join('\n'), { mode: 0o600 })
  const nodes = names.map((alias, n) => ({ alias, address: `10.0.0.${n + 1}`, hostname: `machine${n}` }))
  const crowd = join(dir, 'hundred.yaml')
  writeFileSync(crowd, stringify({ ...parse(readFileSync(file, 'utf8')), nodes, ssh: { config } }), { mode: 0o600 })
  return crowd
}

const ofMany = (runs) =>
  withSandbox([], async (at) => {
    const result = await inTurn(runs, status(hundred(at)), status(at.file))
    return [row('`nodes:status` of 100 nodes', '`nodes:status` of 3', result, 10, `${result.mb.toFixed(0)} MB`)]
  })

export const rows = async (runs, delay = Number(process.argv[3] ?? 25)) => [...(await overLink(runs, delay)), ...(await ofMany(runs))]

await alone(import.meta.url, rows, 11)
