import { existsSync } from 'node:fs'
import { type ShellLine, sh } from '../../shell.ts'

/** The file that kubectl is to read: the one that the environment's API is reached by. */
export const kubeconfigLine = (paths: readonly string[]): ShellLine =>
  sh`export KUBECONFIG=${paths.find((path) => existsSync(path)) ?? paths[0] ?? ''}`

/** The start of a line about something of a namespace, or of the cluster. */
export const kubectlIn = (namespace: string | undefined): ShellLine => (namespace === undefined ? sh`kubectl` : sh`kubectl -n ${namespace}`)
