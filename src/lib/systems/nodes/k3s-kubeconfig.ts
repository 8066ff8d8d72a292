import { copyFile, rename, rm, stat } from 'node:fs/promises'
import { parse } from 'yaml'
import { Failed } from '../../errors.ts'
import { part, type ShellLine, sh } from '../../shell.ts'
import { replaceFile } from '../checkout/replace-file.ts'
import type { AdminKubeconfig, KubeconfigCopy } from './k3s-own.ts'

/** Where k3s keeps the kubeconfig of its admin, for root alone. */
export const k3sKubeconfig = '/etc/rancher/k3s/k3s.yaml'
export const k3sKubeconfigScript = `root cat ${k3sKubeconfig}`

const keyLine = /^ *client-key-data: *\S/m

/** The halves of it that are no secret; undefined where it is no kubeconfig of k3s. */
export const readK3sKubeconfig = (text: string): AdminKubeconfig | undefined => {
  if (!keyLine.test(text)) return undefined
  const { clusters, users } = (parse(text) ?? {}) as {
    readonly clusters?: readonly { readonly cluster?: Readonly<Record<string, string>> }[]
    readonly users?: readonly { readonly user?: Readonly<Record<string, string>> }[]
  }
  const pem = (data: string | undefined) => (data === undefined ? undefined : Buffer.from(data, 'base64').toString())
  const certificate = pem(users?.[0]?.user?.['client-certificate-data'])
  const authority = pem(clusters?.[0]?.cluster?.['certificate-authority-data'])
  return certificate === undefined || authority === undefined ? undefined : { certificate, authority }
}

/** For use from elsewhere: with an address that leads there, and a name that tells it from others. */
const forHere = (text: string, { server, context }: KubeconfigCopy): string =>
  text.replaceAll(/server: .*$/gm, () => `server: ${server}`).replaceAll(/: default$/gm, () => `: ${context}`)

const oldOf = (path: string): string => `${path}.old`

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

/** Puts it in the place of the kubeconfig, which stays beside it as `….old`. */
export const keepKubeconfig = async (alias: string, text: string, copy: KubeconfigCopy): Promise<void> => {
  if (readK3sKubeconfig(text) === undefined)
    throw new Failed({
      code: 'kubeconfig-odd',
      failed: `${k3sKubeconfig} of ${alias} is no kubeconfig of k3s`,
      state: 'Nothing was written.',
    })
  if (await isThere(copy.path)) await copyFile(copy.path, oldOf(copy.path))
  await replaceFile(copy.path, forHere(text, copy), 0o600)
}

/** The one before into its place again; without one, there is none again. */
export const putBackKubeconfig = async (path: string): Promise<void> => {
  if (await isThere(oldOf(path))) await rename(oldOf(path), path)
  else await rm(path, { force: true })
}

/** The same by hand; `cat`: the line that prints it. */
export const keepLines = (cat: ShellLine, { path, server, context }: KubeconfigCopy): readonly ShellLine[] => [
  sh`umask 077; ${part(cat)} | sed -e ${`s|server: .*|server: ${server}|`} -e ${`s/: default$/: ${context}/`} > ${`${path}.new`}`,
  sh`grep -q '^ *client-key-data: .' ${`${path}.new`}`,
  sh`if test -e ${path}; then cp -p ${path} ${oldOf(path)}; fi`,
  sh`mv ${`${path}.new`} ${path}`,
]

export const putBackLine = (path: string): ShellLine =>
  sh`if test -e ${oldOf(path)}; then mv ${oldOf(path)} ${path}; else rm -f ${path}; fi`
