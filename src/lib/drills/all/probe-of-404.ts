import { editContainer } from '../breaks.ts'
import type { Drill } from '../drill.ts'

/** A probe at a path that the program does not have. */
export const drill: Drill = {
  name: 'probe-of-404',
  origin: 'The admin panel was probed at /admin/, which answers 404',
  source: 'commit 6f303db',
  heard: 'A colleague: "The admin panel\'s new pod is restarted again and again, and I only changed its manifest."',
  hints: ['Why is the pod not ready? honeydue cluster:health', 'A probe that answers 404 never passes'],
  breaks: (world) =>
    editContainer(world, 'admin', ({ readinessProbe }) => {
      if (readinessProbe?.httpGet) readinessProbe.httpGet.path = '/admin/'
    }),
  page: 'deploy:rollback',
  way: () => [['deploy:rollback', 'admin', '--to', '1']],
}
