import { readFileSync, writeFileSync } from 'node:fs'
import { ageKubeconfig, kubeconfigOf } from '../breaks.ts'
import type { Drill } from '../drill.ts'

/** k3s renews its certificates when it starts; the copy of its kubeconfig on this machine does not notice. */
export const drill: Drill = {
  name: 'kubeconfig-ended',
  origin: "The certificate in the operator's kubeconfig had ended, a year after it was made",
  heard:
    'A colleague: "I have not deployed since spring, and today kubectl wants me to log in. Is the cluster down? Customers see nothing of it."',
  hints: [
    'Which certificates end, and where? honeydue cluster:certs',
    'The nodes have a newer one; what is on this machine is a copy: honeydue kubeconfig:renew',
  ],
  breaks: ({ sandbox, signal }) => {
    const { file } = kubeconfigOf(sandbox)
    const before = readFileSync(file)
    ageKubeconfig(sandbox, 400)
    signal.addEventListener('abort', () => writeFileSync(file, before), { once: true })
  },
  over: ({ sandbox }) => {
    const { ends } = kubeconfigOf(sandbox)
    return [
      {
        what: 'The kubeconfig of this machine has not ended',
        because: ends.getTime() < Date.now() ? `its certificate ended on ${ends.toISOString().slice(0, 10)}` : undefined,
      },
    ]
  },
  page: 'kubeconfig:renew',
  // The lease is kept in the cluster, which lets nobody in with this file.
  way: () => [['kubeconfig:renew', '--without-lease']],
}
