import { edit } from '../breaks.ts'
import type { Drill } from '../drill.ts'

/** A rollout that somebody paused to look at it. */
export const drill: Drill = {
  name: 'rollout-that-stopped',
  origin: 'A rollout was paused by somebody',
  heard: 'A colleague: "I changed web and deployed it. kubectl says it is rolled out; customers still get the old one."',
  hints: ['Is a rollout paused? honeydue deploy:status', 'A Deployment that is paused takes changes and carries none out'],
  breaks: (world) => edit(world, 'web', (spec) => Object.assign(spec, { paused: true })),
  page: 'deploy:resume',
  way: () => [['deploy:resume', 'web']],
}
