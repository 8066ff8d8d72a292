import { image } from '../../sandbox/deployment/facts.ts'
import { editContainer } from '../breaks.ts'
import type { Drill } from '../drill.ts'

/** A tag that is not in the registry. */
export const drill: Drill = {
  name: 'image-nobody-pushed',
  origin: 'A deploy named a tag that the registry does not have',
  heard: 'A colleague: "I set the new image of web and went for lunch. Now the dashboard shows a rollout that does not end."',
  hints: ['What do the new pods say? honeydue deploy:status', 'ErrImagePull: the registry has no such tag, and waiting does not make it'],
  breaks: (world) => editContainer(world, 'web', (container) => Object.assign(container, { image: image('web', 'dddd002') })),
  page: 'deploy:rollback',
  way: () => [['deploy:rollback', 'web', '--to', '1']],
}
