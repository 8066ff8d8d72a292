import type { Environment } from '../../environment/schema.ts'
import { Usage } from '../../errors.ts'

/** A node of the environment by its alias, hostname or address. Throws Usage that names them. */
export const nodeNamed = ({ nodes }: Pick<Environment, 'nodes'>, name: string): Environment['nodes'][number] => {
  const node = nodes.find((one) => [one.alias, one.hostname, one.address].includes(name))
  if (node) return node
  throw new Usage({
    code: 'no-such-node',
    failed: `There is no node "${name}"`,
    cause: `The environment has ${nodes.map(({ alias, hostname, address }) => `${alias} (${hostname}, ${address})`).join(', ')}`,
    next: 'honeydue nodes:status',
  })
}
