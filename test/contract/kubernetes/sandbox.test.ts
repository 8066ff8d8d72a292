import { holdContract } from '../contract.ts'
import { kubernetesCases, sandboxKubernetes } from './world.ts'

holdContract('kubernetes', 'sandbox', kubernetesCases, sandboxKubernetes, { sideBySide: true })
