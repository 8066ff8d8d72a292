import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Environment } from '../environment/schema.ts'
import { sh } from '../shell.ts'
import { resolveAlias } from '../systems/nodes/resolve.ts'

/** One thing that was looked for on this machine. */
export interface Looked {
  readonly what: string
  readonly found: string
  /** What is to be done where it is not as it should be. */
  readonly next?: string
}

export interface FoundSettings {
  readonly looked: readonly Looked[]
  /** What differs from the built-in values, by the path of its setting. */
  readonly values: Readonly<Record<string, unknown>>
}

/** Hosts that the SSH configuration names, without patterns. */
const hostsIn = (file: string): readonly string[] =>
  existsSync(file)
    ? [...readFileSync(file, 'utf8').matchAll(/^\s*host\s+(.+)$/gim)].flatMap(([, names = '']) =>
        names.split(/\s+/).filter((name) => name !== '' && !/[*?!]/.test(name)),
      )
    : []

/** Which alias leads to each node: the built-in one where it does, else another of the SSH configuration. */
const findAliases = async ({ nodes, ssh }: Environment, home: string): Promise<FoundSettings> => {
  const file = ssh.config ?? join(home, '.ssh/config')
  const leadsTo = async (alias: string) =>
    (await resolveAlias(alias, ssh.config === undefined ? {} : { configFile: ssh.config }).catch(() => undefined))?.hostname
  const others = await Promise.all(hostsIn(file).map(async (alias) => ({ alias, to: await leadsTo(alias) })))
  const all = await Promise.all(
    nodes.map(async (node) => {
      const to = await leadsTo(node.alias)
      if (to === node.address || to === node.ipv6) return { node, looked: { what: sh`ssh ${node.alias}`, found: `leads to ${to}` } }
      const other = others.find((one) => one.to === node.address)
      if (other)
        return { node: { ...node, alias: other.alias }, looked: { what: sh`ssh ${node.alias}`, found: `is called ${other.alias} here` } }
      const looked = {
        what: sh`ssh ${node.alias}`,
        found: `leads to ${to ?? 'nothing'}, not to ${node.address}`,
        next: sh`add to ${file}: Host ${node.alias}, HostName ${node.address}`,
      }
      return { node, looked }
    }),
  )
  const renamed = all.some(({ node }, i) => node.alias !== nodes[i]?.alias)
  return { looked: all.map(({ looked }) => looked), values: renamed ? { nodes: all.map(({ node }) => node) } : {} }
}

const findKubeconfig = ({ kubeconfig, nodes }: Environment, home: string): FoundSettings => {
  const there = kubeconfig.find((path) => existsSync(path.replace(/^~(?=\/)/, home)))
  if (there !== undefined) return { looked: [{ what: 'kubeconfig', found: there }], values: {} }
  const usual = join(home, '.kube/config')
  const next = sh`ssh ${nodes[0]?.alias ?? ''} sudo cat /etc/rancher/k3s/k3s.yaml, with the node's address for 127.0.0.1, mode 0600`
  return {
    looked: [
      {
        what: 'kubeconfig',
        found: `none of ${kubeconfig.join(', ')} exists${existsSync(usual) ? `; ${usual} does: whether it is of this cluster is not known` : ''}`,
        next,
      },
    ],
    values: {},
  }
}

/** The built-in place, or where this was typed. */
const findCheckout = ({ checkout }: Environment, cwd: string, home: string): FoundSettings => {
  const isOne = (folder: string) => existsSync(join(folder, 'deploy-k3s'))
  if (isOne(checkout.replace(/^~(?=\/)/, home))) return { looked: [{ what: 'checkout', found: checkout }], values: {} }
  for (let folder = cwd; folder !== dirname(folder); folder = dirname(folder))
    if (isOne(folder)) return { looked: [{ what: 'checkout', found: folder }], values: { checkout: folder } }
  const next = 'type this again inside the API repository, or write checkout into the file'
  return { looked: [{ what: 'checkout', found: `${checkout} has no deploy-k3s, nor has this folder`, next }], values: {} }
}

const findToken = (what: string, variable: string, setting: string, env: NodeJS.ProcessEnv): Looked =>
  env[variable]
    ? { what, found: `in ${variable}` }
    : { what, found: 'not set', next: sh`export ${variable}, or write ${setting} into the file` }

/** Looks on this machine for all that an environment needs of it. Changes nothing, and asks no deployment. */
export const findSettings = async (
  environment: Environment,
  { env, cwd }: { readonly env: NodeJS.ProcessEnv; readonly cwd: string },
): Promise<FoundSettings> => {
  const home = env['HOME'] || homedir()
  const parts = [await findAliases(environment, home), findKubeconfig(environment, home), findCheckout(environment, cwd, home)]
  return {
    looked: [
      ...parts.flatMap(({ looked }) => looked),
      findToken('Cloudflare API token', 'CLOUDFLARE_API_TOKEN', 'cloudflare.token_command', env),
      findToken('Neon API key', 'NEON_API_KEY', 'neon.api_key_command', env),
    ],
    values: Object.assign({}, ...parts.map(({ values }) => values)),
  }
}
