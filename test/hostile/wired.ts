import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import type { Sandbox } from '../../src/lib/sandbox/sandbox.ts'
import { badWire, type Fault, type Wire } from './bad-wire.ts'

export type System =
  | 'kubernetes'
  | 'postgres'
  | 'edge'
  | 'cloudflare'
  | 'registry'
  | 'ssh'
  | 'neon'
  | 'mail'
  | 'storage'
  | 'observability'
  | 'apns'

/** A sandbox's environment whose every system is reached over a wire of ours. Redis and the pods' ports are reached through Kubernetes. */
export interface Wired {
  /** The file that `--env` takes. */
  readonly environment: string
  readonly wires: Readonly<Record<System, Wire>>
  stop(): Promise<void>
}

/** The sandbox's own files, and the port of each system in them. */
const placesOf = (sandbox: Sandbox) => {
  const overlay = parse(readFileSync(join(sandbox.dir, 'environment.yaml'), 'utf8')) as {
    kubeconfig: string
    ssh: { config: string }
    hostaddr: Record<string, string>
  }
  const kubeconfig = readFileSync(overlay.kubeconfig, 'utf8')
  const ssh = readFileSync(overlay.ssh.config, 'utf8')
  const portIn = (name: string): number => Number(overlay.hostaddr[name]?.split(':')[1])
  const nodePorts = [...new Set([...ssh.matchAll(/^\s*Port (\d+)/gm)].map(([, port]) => Number(port)))]
  const ports: Readonly<Record<System, number>> = {
    kubernetes: Number(/server: "?https:\/\/127\.0\.0\.1:(\d+)/.exec(kubeconfig)?.[1]),
    postgres: portIn(sandbox.environment.database.direct),
    edge: portIn('api.myhoneydue.com'),
    cloudflare: portIn('api.cloudflare.com'),
    registry: portIn('gitea.treytartt.com'),
    neon: portIn('console.neon.tech'),
    mail: portIn('smtp.fastmail.com'),
    storage: portIn('s3.us-east-005.backblazeb2.com'),
    observability: portIn('obs.88oakapps.com'),
    apns: portIn('api.push.apple.com'),
    // The second of three nodes: one that is away is the common case.
    ssh: nodePorts[1] ?? nodePorts[0] ?? 0,
  }
  return { overlay, kubeconfig, ssh, ports }
}

/** An environment of that name that reaches these systems over these wires, and the others as the sandbox's own does; the file that `--env` takes. */
const through = (sandbox: Sandbox, name: string, wires: Readonly<Partial<Record<System, Wire>>>, more: object): string => {
  const { overlay, kubeconfig, ssh, ports } = placesOf(sandbox)
  const leads = new Map(Object.entries(wires).map(([system, wire]) => [ports[system as System], wire.port]))
  const led = (text: string, pattern: RegExp): string =>
    text.replace(pattern, (all, port: string) => all.replace(port, String(leads.get(Number(port)) ?? port)))
  const at = (file: string) => join(sandbox.dir, file)
  const files = { environment: at(`${name}.yaml`), kubeconfig: at(`${name}.kubeconfig`), ssh: at(`ssh/${name}`) }
  const loopback = /127\.0\.0\.1:(\d+)/g
  const hostaddr = Object.fromEntries(Object.entries(overlay.hostaddr).map(([host, place]) => [host, led(place, loopback)]))
  const written = {
    [files.kubeconfig]: led(kubeconfig, loopback),
    [files.ssh]: led(ssh, /Port (\d+)/g),
    [files.environment]: stringify({ ...overlay, ...more, kubeconfig: files.kubeconfig, ssh: { config: files.ssh }, hostaddr }),
  }
  for (const [file, text] of Object.entries(written)) writeFileSync(file, text, { mode: 0o600 })
  return files.environment
}

/** `more`: what its environment says beside the sandbox's. */
export const wired = async (sandbox: Sandbox, more: object = {}): Promise<Wired> => {
  const { ports } = placesOf(sandbox)
  const made = await Promise.all(Object.entries(ports).map(async ([system, port]) => [system, await badWire(port)] as const))
  const wires = Object.fromEntries(made) as Record<System, Wire>
  return {
    environment: through(sandbox, 'wired', wires, more),
    wires,
    stop: async () => void (await Promise.all(Object.values(wires).map((wire) => wire.stop()))),
  }
}

/** An environment of the sandbox in which one system is behind a bad wire of its own: many commands meet their faults beside each other. */
export const behind = async (
  sandbox: Sandbox,
  name: string,
  system: System,
  bad: { readonly fault: Fault; readonly only?: number | undefined },
): Promise<{ readonly environment: string; readonly wire: Wire }> => {
  const wire = await badWire(placesOf(sandbox).ports[system])
  Object.assign(wire, bad)
  return { environment: through(sandbox, name, { [system]: wire }, {}), wire }
}
