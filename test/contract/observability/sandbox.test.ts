import { holdContract } from '../contract.ts'
import { metricsCases, traceCases } from './cases.ts'
import { sandboxObservability } from './world.ts'

holdContract('metrics', 'sandbox', metricsCases, sandboxObservability)
holdContract('traces', 'sandbox', traceCases, sandboxObservability)
