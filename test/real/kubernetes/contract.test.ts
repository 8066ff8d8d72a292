import { holdContract } from '../../contract/contract.ts'
import { kubernetesCases, sandboxKubernetes } from '../../contract/kubernetes/world.ts'

holdContract('kubernetes', 'sandbox', kubernetesCases, sandboxKubernetes, { sideBySide: true })

// Without a cluster the recorded answers of a real one are the truth, and the table says how to give one.
const kubeconfig = process.env['HONEYDUE_TEST_KUBECONFIG']
if (kubeconfig)
  holdContract('kubernetes', 'real', kubernetesCases, async () => ({ kubeconfig, reset: async () => {}, stop: async () => {} }))
