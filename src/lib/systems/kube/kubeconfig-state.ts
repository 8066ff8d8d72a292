import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { loadKubeconfig } from '../../environment/kubeconfig.ts'
import { readKubeconfigFile } from '../../environment/kubeconfig-file.ts'
import { unwritable } from '../checkout/unwritable.ts'
import type { KubeconfigState } from './types.ts'

const settings = ['proxy-url', 'tls-server-name', 'insecure-skip-tls-verify'] as const

/** The first of the environment's kubeconfigs that is there, or the first that could be. */
export const kubeconfigState = async (paths: readonly string[]): Promise<KubeconfigState> => {
  const there = paths.find((path) => existsSync(path))
  const path = there ?? paths[0] ?? ''
  const against = await unwritable(path)
  const refused = against !== undefined && { unwritable: against }
  if (there === undefined) return { path, ...refused }
  const [loaded, file, { mode }] = await Promise.all([loadKubeconfig([path]), readKubeconfigFile(path), stat(path)])
  const { context, server, certificate, ca, cluster } = loaded
  const beside = [
    ...[...(file?.contexts.keys() ?? [])].filter((name) => name !== context).map((name) => `the context ${name}`),
    ...settings.filter((key) => cluster[key] !== undefined && cluster[key] !== null),
  ]
  return {
    path,
    now: {
      kubeconfig: path,
      context,
      server,
      mode: mode & 0o777,
      beside,
      ...(certificate !== undefined && { certificate }),
      ...(ca !== undefined && { authority: ca }),
    },
    ...refused,
  }
}
