import { beforeReplaceNote, replacesNote } from '../../src/lib/notes.ts'
import { nodes } from '../../src/lib/sandbox/deployment/facts.ts'
import type { Sandbox } from '../../src/lib/sandbox/sandbox.ts'

/** Whether another machine is hetzner2, which etcd counts, and no note is left of it. */
export const replaced = ({ kubernetes: { client }, nodes: machines }: Sandbox) => {
  const all = client.list({ group: '', resource: 'nodes' })
  const [, { alias, hostname }] = nodes
  return {
    is: all.some(({ metadata }) => metadata.name === hostname && metadata.annotations?.[replacesNote] !== undefined),
    noted: all.some(({ metadata }) => metadata.annotations?.[beforeReplaceNote] !== undefined),
    counted: machines.isMember(alias) && machines.node(alias).up(),
  }
}
