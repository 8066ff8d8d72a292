import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { nodes } from '../../src/lib/sandbox/deployment/facts.ts'
import { databaseFile } from '../../src/lib/sandbox/nodes/etcd-commands.ts'
import type { Sandbox } from '../../src/lib/sandbox/sandbox.ts'

/** Of each server: its service, the members of its database, and what was kept of before. */
export const restored = ({ dir, nodes: machines }: Sandbox) =>
  nodes.map(({ alias }) => {
    const root = join(dir, 'nodes', alias, 'root')
    const server = join(root, 'var/lib/rancher/k3s/server')
    const database = join(root, databaseFile)
    return {
      k3s: machines.node(alias).state.read('services/k3s').trim(),
      members: existsSync(database) ? (/^members (.*)$/m.exec(readFileSync(database, 'utf8'))?.[1] ?? '').split(' ').sort() : [],
      kept: readdirSync(server)
        .filter((name) => name.startsWith('db-before-'))
        .map((name) => [name, existsSync(join(server, name, 'reset')), existsSync(join(server, name, 'etcd/member/snap/db'))]),
    }
  })
