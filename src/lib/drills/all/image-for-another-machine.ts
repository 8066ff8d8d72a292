import { image } from '../../sandbox/deployment/facts.ts'
import { editContainer } from '../breaks.ts'
import type { Drill } from '../drill.ts'

const built = image('admin', 'dddd003')

/** An image built on the developer's arm64 machine without --platform. */
export const drill: Drill = {
  name: 'image-for-another-machine',
  origin: 'The image was built for arm64, and the nodes are amd64',
  source: 'commit 6f303db',
  heard: 'A colleague: "I built the admin panel on my laptop and deployed it. It runs here, and there its pod does not start."',
  hints: [
    'What do the new pods say, and what does the registry say of the image? honeydue deploy:status',
    'The nodes are linux/amd64; the image was built for the machine that it was built on',
  ],
  breaks: (world) => {
    world.sandbox.registry.push(built, { platforms: ['linux/arm64'] })
    editContainer(world, 'admin', (container) => Object.assign(container, { image: built }))
  },
  page: 'deploy:rollback',
  way: () => [['deploy:rollback', 'admin', '--to', '1']],
  again: ['Build with `docker buildx build --platform linux/amd64` (6f303db).'],
}
