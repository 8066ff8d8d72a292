import { evictedLeft, evictedPods } from '../breaks.ts'
import type { Drill } from '../drill.ts'

/** What a night with little disk leaves. */
export const drill: Drill = {
  name: 'pods-evicted',
  origin: 'A kubelet had evicted pods; they serve nobody, and stay in the list until somebody removes them',
  heard: 'A colleague: "kubectl shows pods of api in Error since last night. Monitoring is green. Is something broken or not?"',
  hints: [
    'What is wrong, and what only lies about? honeydue cluster:health',
    'A pod that was evicted never comes back, and its Deployment has made another one',
  ],
  breaks: ({ sandbox }) => void evictedPods(sandbox, 3),
  over: ({ sandbox }) => {
    const left = evictedLeft(sandbox)
    return [{ what: 'No evicted pod is left', because: left === 0 ? undefined : `${left} are` }]
  },
  page: 'cluster:tidy',
  way: () => [['cluster:tidy']],
}
