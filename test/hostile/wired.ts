import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import type { Sandbox } from '../../src/lib/sandbox/sandbox.ts'
import { badWire, type Wire } from './bad-wire.ts'

export type System = 'kubernetes' | 'postgres' | 'edge' | 'cloudflare' | 'registry' | 'ssh' | 'neon'

/** A sandbox's environment whose every system is reached over a wire of ours. Redis and the pods' ports are reached through Kubernetes. */
export interface Wired {
  /** The file that `--env` takes. */
  readonly environment: string
  readonly wires: Readonly<Record<System, Wire>>
  stop(): Promise<void>
}

/** `more`: what its environment says beside the sandbox's. */
export const wired = async (sandbox: Sandbox, more: object = {}): Promise<Wired> => {
  const { dir } = sandbox
  const overlay = parse(readFileSync(join(dir, 'environment.yaml'), 'utf8')) as {
    kubeconfig: string
    ssh: { config: string }
    hostaddr: Record<string, string>
  }
  const kubeconfig = readFileSync(overlay.kubeconfig, 'utf8')
  const ssh = readFileSync(overlay.ssh.config, 'utf8')
  const portIn = (name: string): number => Number(overlay.hostaddr[name]?.split(':')[1])
  const kubernetes = Number(/server: "?https:\/\/127\.0\.0\.1:(\d+)/.exec(kubeconfig)?.[1])
  const nodePorts = [...new Set([...ssh.matchAll(/^\s*Port (\d+)/gm)].map(([, port]) => Number(port)))]
  const wires = {
    kubernetes: await badWire(kubernetes),
    postgres: await badWire(portIn(sandbox.environment.database.direct)),
    edge: await badWire(portIn('api.myhoneydue.com')),
    cloudflare: await badWire(portIn('api.cloudflare.com')),
    registry: await badWire(portIn('gitea.treytartt.com')),
    neon: await badWire(portIn('console.neon.tech')),
    // The second of three nodes is behind it: one that is away is the common case.
    ssh: await badWire(nodePorts[1] ?? nodePorts[0] ?? 0),
  }
  const byPort = new Map<number, Wire>([
    [kubernetes, wires.kubernetes],
    [portIn(sandbox.environment.database.direct), wires.postgres],
    [portIn('api.myhoneydue.com'), wires.edge],
    [portIn('api.cloudflare.com'), wires.cloudflare],
    [portIn('gitea.treytartt.com'), wires.registry],
    [portIn('console.neon.tech'), wires.neon],
    [nodePorts[1] ?? nodePorts[0] ?? 0, wires.ssh],
  ])
  const through = (text: string, pattern: RegExp): string =>
    text.replace(pattern, (all, port: string) => all.replace(port, String(byPort.get(Number(port))?.port ?? port)))
  const files = {
    environment: join(dir, 'wired.yaml'),
    kubeconfig: join(dir, 'wired.kubeconfig'),
    ssh: join(dir, 'ssh', 'wired'),
  }
  writeFileSync(files.kubeconfig, through(kubeconfig, /127\.0\.0\.1:(\d+)/g), { mode: 0o600 })
  writeFileSync(files.ssh, through(ssh, /Port (\d+)/g), { mode: 0o600 })
  const hostaddr = Object.fromEntries(Object.entries(overlay.hostaddr).map(([name, at]) => [name, through(at, /127\.0\.0\.1:(\d+)/g)]))
  writeFileSync(files.environment, stringify({ ...overlay, ...more, kubeconfig: files.kubeconfig, ssh: { config: files.ssh }, hostaddr }), {
    mode: 0o600,
  })
  return {
    environment: files.environment,
    wires,
    stop: async () => {
      await Promise.all(Object.values(wires).map((wire) => wire.stop()))
    },
  }
}
