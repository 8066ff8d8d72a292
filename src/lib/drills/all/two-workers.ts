import { edit } from '../breaks.ts'
import type { Drill } from '../drill.ts'

/** The worker carries the scheduler: two of them fire every cron twice. */
export const drill: Drill = {
  name: 'two-workers',
  origin: 'Two workers ran, each with a scheduler: every periodic job was put in twice',
  source: 'commit 6f303db',
  heard: 'A customer: "Since this morning I get every reminder twice."',
  hints: ['How many schedulers live? honeydue queue:status', 'There must be one worker, never two'],
  breaks: (world) => edit(world, 'worker', (spec) => Object.assign(spec, { replicas: 2 })),
  page: 'deploy:scale',
  way: () => [['deploy:scale', 'worker', '--replicas', '1']],
}
