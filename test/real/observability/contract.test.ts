import { holdContract } from '../../contract/contract.ts'
import { metricsCases } from '../../contract/observability/cases.ts'
import { sandboxObservability } from '../../contract/observability/world.ts'
import { realMetrics } from './metrics.ts'

holdContract('metrics', 'sandbox', metricsCases, sandboxObservability)
holdContract('metrics', 'real', metricsCases, realMetrics)
