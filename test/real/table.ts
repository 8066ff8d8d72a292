import type { Reporter, TestModule } from 'vitest/node'
import type { ContractCell } from '../contract/contract.ts'

const howToGiveACluster =
  'kubernetes: no cluster was given, the sandbox was held to recorded answers. HONEYDUE_CONTROL_PLANE=1 test/real/install.sh builds a control plane (ten minutes and more), or HONEYDUE_TEST_KUBECONFIG=k.yaml names one of yours (k3s: /etc/rancher/k3s/k3s.yaml)'

/** Prints contract cases × {sandbox, real} over all lanes, when everything has run. */
export default class ContractTable implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const cells = modules.flatMap((module) => [...module.children.allTests()].flatMap((test) => test.meta().contract ?? []))
    process.stdout.write(`${contractTable(cells)}\n`)
    const alone =
      cells.some(({ lane }) => lane === 'kubernetes') && !cells.some(({ lane, side }) => lane === 'kubernetes' && side === 'real')
    if (alone) process.stdout.write(`${howToGiveACluster}\n`)
  }
}

/** One line a case; the lanes that could not start, and how many are equal, stand below. */
export const contractTable = (cells: readonly ContractCell[]): string => {
  const rows = new Map<string, { lane: string; name: string; sandbox: string; real: string }>()
  for (const { lane, name, side, result } of cells) {
    const key = `${lane}\0${name}`
    rows.set(key, { ...(rows.get(key) ?? { lane, name, sandbox: '-', real: '-' }), [side]: result })
  }
  const lines = [...rows.values()].map(({ lane, name, sandbox, real }) =>
    [lane.padEnd(11), sandbox.padEnd(12), real.padEnd(12), name.length > 100 ? `${name.slice(0, 99)}…` : name].join(' '),
  )
  const whole = [...rows.values()].filter(({ sandbox, real }) => sandbox === 'equal' && real === 'equal').length
  const alone = [...rows.values()].filter(({ sandbox, real }) => sandbox === 'equal' && real === '-').length
  const bad = rows.size - whole - alone
  return [
    '',
    ['lane'.padEnd(11), 'sandbox'.padEnd(12), 'real'.padEnd(12), 'contract case'].join(' '),
    ...lines,
    '',
    `${whole} cases equal on both sides, ${bad} not${alone > 0 ? `, ${alone} held by the sandbox alone` : ''}.`,
  ].join('\n')
}
