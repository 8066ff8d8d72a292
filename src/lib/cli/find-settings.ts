import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Clock } from '../clock.ts'
import { production } from '../environment/production.ts'
import type { Environment } from '../environment/schema.ts'
import { isOwnName } from '../own-name.ts'
import type { Offer } from '../plan/procedure.ts'
import { sh } from '../shell.ts'
import { findAliases, type WantedNode } from './find-aliases.ts'
import { askCluster, type FoundCluster, kubeconfigsIn } from './find-cluster.ts'
import { ownSshConfig } from './ssh-hosts.ts'

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

interface Where {
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
  readonly clock: Clock
  /** Asks which of these leads to a node; undefined where nobody can be asked, or none does. */
  readonly choose?: (question: string, offers: readonly Offer[]) => Promise<string | undefined>
}

const sayClusters = (clusters: readonly FoundCluster[]) =>
  clusters.map(({ kubeconfig, nodes }) => `${kubeconfig} (${nodes.map(({ hostname }) => hostname).join(', ')})`).join('; ')

/** The kubeconfig whose cluster this is: the configured one, else the only one of ~/.kube that answers and has the application, or any. */
const findKubeconfig = async (environment: Environment, home: string, { clock, choose }: Where) => {
  const { kubeconfig, nodes } = environment
  const whole = (path: string) => path.replace(/^~(?=\/)/, home)
  const what = 'kubeconfig'
  const there = kubeconfig.find((path) => existsSync(whole(path)))
  if (there !== undefined) {
    const cluster = await askCluster(whole(there), environment, clock)
    return { looked: [{ what, found: there }], values: production.kubeconfig.includes(there) ? {} : { kubeconfig: there }, cluster }
  }
  const tried = kubeconfigsIn(home)
  const answered = (await Promise.all(tried.map((path) => askCluster(path, environment, clock)))).filter((one) => one !== undefined)
  const ours = answered.filter((one) => one.ours)
  const fits = ours.length > 0 ? ours : answered
  const offers = fits.map((one) => ({ value: one.kubeconfig, about: one.nodes.map(({ hostname }) => hostname).join(', ') }))
  const chosen = fits.length > 1 ? await choose?.('Which kubeconfig is of this deployment?', offers) : fits[0]?.kubeconfig
  const cluster = fits.find((one) => one.kubeconfig === chosen)
  if (cluster)
    return {
      looked: [{ what, found: `${cluster.kubeconfig}: its cluster has ${cluster.nodes.map(({ hostname }) => hostname).join(', ')}` }],
      values: { kubeconfig: cluster.kubeconfig },
      cluster,
    }
  const none = `none of ${kubeconfig.join(', ')} exists`
  const looked =
    fits.length > 1
      ? {
          what,
          found: `${none}; several clusters answer: ${sayClusters(fits)}`,
          next: 'take what was written out again, and: KUBECONFIG=FILE honeydue config:init',
        }
      : {
          what,
          found: tried.length > 0 ? `${none}; no cluster of ${tried.join(', ')} answers` : none,
          next: sh`ssh ${nodes[0]?.alias ?? ''} sudo cat /etc/rancher/k3s/k3s.yaml, with the node's address for 127.0.0.1, mode 0600`,
        }
  return { looked: [looked], values: {}, cluster: undefined }
}

/** The configuration of `ssh`: where HOME is another folder than the account's, ssh reads that of the account, and has to be given this one. */
const sshConfig = ({ ssh }: Environment, home: string): { readonly file: string; readonly configFile?: string } => {
  if (ssh.config !== undefined) return { file: ssh.config, configFile: ssh.config }
  const beside = join(home, '.ssh/config')
  return beside !== ownSshConfig && existsSync(beside) ? { file: beside, configFile: beside } : { file: ownSshConfig }
}

/** Which alias leads to each node of the cluster, or of the book where no cluster answers. */
const findNodes = async (
  environment: Environment,
  home: string,
  cluster: FoundCluster | undefined,
  where: Where,
): Promise<FoundSettings> => {
  const usual = environment.nodes.map((node) => ({ ...node, addresses: [node.address, ...(node.ipv6 === undefined ? [] : [node.ipv6])] }))
  const bookOf = (hostname: string) => usual.find((node) => isOwnName(node.hostname, hostname))
  const wanted: readonly WantedNode[] = cluster
    ? cluster.nodes.map((node) => {
        const known = bookOf(node.hostname)
        return known ? { ...node, ...known, addresses: [...node.addresses, ...known.addresses] } : node
      })
    : usual
  const { file, configFile } = sshConfig(environment, home)
  const { nodes, others, asked } = await findAliases(wanted, { clock: where.clock, file, configFile })
  const chosen: { readonly alias: string; readonly address: string; readonly hostname: string; readonly ipv6?: string }[] = []
  const looked: Looked[] = []
  for (const [i, { hostname, address, alias }] of nodes.entries()) {
    const known = bookOf(hostname)
    const left = others.filter((other) => !chosen.some((one) => one.alias === other.alias))
    const offers = [...left.map((other) => ({ value: other.alias, about: other.to })), { value: 'none', about: 'of these' }]
    const answer =
      alias === undefined && left.length > 0 ? await where.choose?.(`Which of them leads to ${hostname} (${address})?`, offers) : undefined
    const leads = alias ?? (answer === 'none' ? undefined : answer)
    const name = leads ?? wanted[i]?.alias ?? hostname
    chosen.push({ alias: name, address, hostname, ...(known?.ipv6 !== undefined && { ipv6: known.ipv6 }) })
    const what = sh`ssh ${leads === undefined ? name : (known?.alias ?? name)}`
    if (leads !== undefined)
      looked.push({ what, found: leads === known?.alias || !known ? `leads to ${hostname}, ${address}` : `is called ${leads} here` })
    else
      looked.push({
        what,
        found: `no host of ${file} leads to ${hostname}, ${address}${left.length > 0 ? `; it has ${left.map((one) => one.alias).join(', ')}${asked.length > 0 ? `, of which ${asked.join(', ')} did not say that it is this one` : ''}` : ''}`,
        next: sh`add to ${file}: Host ${name}, HostName ${address}; then ssh ${name}, once`,
      })
  }
  const same = chosen.length === environment.nodes.length && chosen.every(({ alias, hostname }) => bookOf(hostname)?.alias === alias)
  const settings = {
    ...(!same && { nodes: chosen }),
    ...(configFile !== undefined && environment.ssh.config === undefined && { 'ssh.config': configFile }),
  }
  return { looked, values: settings }
}

/** The built-in place, or where this was typed. */
const findCheckout = ({ checkout }: Environment, cwd: string, home: string): FoundSettings => {
  const isOne = (folder: string) => existsSync(join(folder, 'deploy-k3s'))
  if (isOne(checkout.replace(/^~(?=\/)/, home))) return { looked: [{ what: 'checkout', found: checkout }], values: {} }
  for (let folder = cwd; folder !== dirname(folder); folder = dirname(folder))
    if (isOne(folder)) return { looked: [{ what: 'checkout', found: folder }], values: { checkout: folder } }
  const next = 'write checkout, the folder of the API repository on this machine, into the file'
  return { looked: [{ what: 'checkout', found: `${checkout} has no deploy-k3s, nor has this folder`, next }], values: {} }
}

const findToken = (what: string, variable: string, setting: string, env: NodeJS.ProcessEnv): Looked =>
  env[variable]
    ? { what, found: `in ${variable}` }
    : { what, found: 'not set', next: sh`export ${variable}, or write ${setting} into the file` }

/** Looks on this machine for all that an environment needs of it, and asks the clusters of its kubeconfigs for their machines. Changes nothing. */
export const findSettings = async (environment: Environment, where: Where): Promise<FoundSettings> => {
  const home = where.env['HOME'] || homedir()
  const { cluster, ...kubeconfig } = await findKubeconfig(environment, home, where)
  const parts = [await findNodes(environment, home, cluster, where), kubeconfig, findCheckout(environment, where.cwd, home)]
  return {
    looked: [
      ...parts.flatMap(({ looked }) => looked),
      findToken('Cloudflare API token', 'CLOUDFLARE_API_TOKEN', 'cloudflare.token_command', where.env),
      findToken('Neon API key', 'NEON_API_KEY', 'neon.api_key_command', where.env),
    ],
    values: Object.assign({}, ...parts.map(({ values }) => values)),
  }
}
