import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { Unreachable } from '../errors.ts'
import { type Fields, type KubeconfigFile, malformed, readKubeconfigFile } from './kubeconfig-file.ts'
import { againstUse } from './kubeconfig-usable.ts'

/** The current context of the kubeconfigs, as kubectl puts it together. */
export interface Loaded {
  /** The file that the cluster stands in. */
  readonly path: string
  readonly context: string
  readonly server: string
  readonly cluster: Fields
  readonly user: Fields
  /** PEM, from the data or else from the file. */
  readonly ca?: string
  readonly certificate?: string
  readonly key?: string
}

/**
 * All of these files as kubectl takes the list in KUBECONFIG: one that is not there is skipped, the first that has a name gives its entry,
 * and the first that names a current context decides. Throws Unreachable naming every path where none is there.
 */
export const loadKubeconfig = async (paths: readonly string[]): Promise<Loaded> => {
  const read = await Promise.all(paths.map(readKubeconfigFile))
  const files = read.filter((file): file is KubeconfigFile => file !== undefined)
  const [first] = files
  if (!first) {
    throw new Unreachable({
      code: 'kube-no-kubeconfig',
      failed: 'No kubeconfig can be read',
      cause: 'None of the configured files is there',
      details: paths.map((path) => `${path}: does not exist`),
      next: 'honeydue doctor',
    })
  }
  const where = files.map(({ path }) => path).join(':')
  const context = files.find(({ current }) => current !== undefined)?.current
  if (context === undefined) throw malformed(where, 'it has no current-context')
  const found = entry(files, 'contexts', context)
  if (!found) throw malformed(where, `its current-context ${context} is not among its contexts`)
  const clusterName = String(found.fields.cluster ?? '')
  const cluster = entry(files, 'clusters', clusterName)
  if (!cluster)
    throw malformed(where, `its context ${context} names ${clusterName ? `the cluster ${clusterName}, which is not there` : 'no cluster'}`)
  const userName = String(found.fields.user ?? '')
  const user = entry(files, 'users', userName)
  if (!user && userName) throw malformed(where, `its context ${context} names the user ${userName}, which is not there`)
  const of = user?.fields ?? {}
  const [against] = againstUse(cluster.fields, of)
  if (against !== undefined) throw malformed(where, against)
  const [ca, certificate, key] = await Promise.all([
    pemOf(cluster.file.path, cluster.fields, 'certificate-authority'),
    pemOf(user?.file.path ?? '', of, 'client-certificate'),
    pemOf(user?.file.path ?? '', of, 'client-key'),
  ])
  return {
    path: cluster.file.path,
    context,
    server: serverOf(cluster.file.path, cluster.fields),
    cluster: cluster.fields,
    user: of,
    ...(ca !== undefined && { ca }),
    ...(certificate !== undefined && { certificate }),
    ...(key !== undefined && { key }),
  }
}

const entry = (files: readonly KubeconfigFile[], of: 'contexts' | 'clusters' | 'users', name: string) => {
  const file = files.find((one) => one[of].has(name))
  const fields = file?.[of].get(name)
  return file && fields && { file, fields }
}

/** With its scheme: kubectl makes nothing of an address that has none. */
const serverOf = (path: string, { server }: Fields): string => {
  const whole = String(server ?? '')
  if (!URL.canParse(whole) || !/^https?:$/.test(new URL(whole).protocol))
    throw malformed(path, `its server ${whole || 'is empty: it'} is no address`)
  return whole
}

/** The text of `KEY-data` (base64), or of the file that `KEY` names. */
const pemOf = async (path: string, of: Fields, key: string): Promise<string | undefined> => {
  const data = of[`${key}-data`]
  if (typeof data === 'string' && data !== '') return Buffer.from(data, 'base64').toString()
  const file = of[key]
  if (typeof file !== 'string' || file === '') return undefined
  return readFile(file, 'utf8').catch((error: unknown) => {
    throw malformed(path, `its ${key} ${file} cannot be read`, error)
  })
}

/** Why a server may not accept this file: one sentence with the certificate's end, where it has one. */
export const credentialsOf = ({ path, certificate }: Pick<Loaded, 'path' | 'certificate'>): string => {
  if (!certificate) return `the token or certificate of ${path} is not accepted, or has expired`
  try {
    return `the client certificate of ${path} is not accepted; it is valid until ${new X509Certificate(certificate).validTo}`
  } catch {
    return `the client certificate of ${path} is none that can be read`
  }
}
