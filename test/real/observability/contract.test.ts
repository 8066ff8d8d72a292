import { holdContract } from '../../contract/contract.ts'
import { metricsCases, traceCases } from '../../contract/observability/cases.ts'
import { sandboxObservability } from '../../contract/observability/world.ts'
import { holdSlowContract } from '../slow.ts'
import { realMetrics } from './metrics.ts'
import { realTraces } from './traces.ts'

holdContract('metrics', 'sandbox', metricsCases, sandboxObservability)
holdContract('metrics', 'real', metricsCases, realMetrics)
holdContract('traces', 'sandbox', traceCases, sandboxObservability)
holdSlowContract('traces', 'jaeger', traceCases, realTraces)
