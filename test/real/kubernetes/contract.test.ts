import { holdContract } from '../../contract/contract.ts'
import { kubernetesCases, nodeCases, sandboxKubernetes } from '../../contract/kubernetes/world.ts'
import { hasControlPlane, startControlPlane } from './control-plane.ts'

holdContract('kubernetes', 'sandbox', kubernetesCases, sandboxKubernetes, { sideBySide: true })
holdContract('kubernetes', 'sandbox', nodeCases, sandboxKubernetes)

// Without a cluster the recorded answers of a real one are the truth, and the table says how to give one. The nodes of a cluster that is given are not ours to drain.
const kubeconfig = process.env['HONEYDUE_TEST_KUBECONFIG']
if (kubeconfig)
  holdContract('kubernetes', 'real', kubernetesCases, async () => ({ kubeconfig, reset: async () => {}, stop: async () => {} }))
else if (hasControlPlane()) holdContract('kubernetes', 'real', [...kubernetesCases, ...nodeCases], () => startControlPlane())
