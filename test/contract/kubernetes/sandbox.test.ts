import { holdContract } from '../contract.ts'
import { kubernetesCases, nodeCases, sandboxKubernetes } from './world.ts'

holdContract('kubernetes', 'sandbox', kubernetesCases, sandboxKubernetes, { sideBySide: true })
holdContract('kubernetes', 'sandbox', nodeCases, sandboxKubernetes)
