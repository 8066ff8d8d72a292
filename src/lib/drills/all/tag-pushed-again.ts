import { image, namespace, tags } from '../../sandbox/deployment/facts.ts'
import type { KubeObject } from '../../sandbox/kubernetes/types.ts'
import type { Drill, World } from '../drill.ts'

const pushed = image('web')

/** What the nodes run of web: the digests that its pods' images have. */
const digestsOf = ({ sandbox: { kubernetes } }: World): readonly string[] =>
  kubernetes.client
    .list({ group: '', resource: 'pods' }, { namespace, labels: { 'app.kubernetes.io/name': 'web' } })
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .flatMap(({ status }: KubeObject) =>
      ((status as { readonly containerStatuses?: readonly { readonly imageID?: string }[] } | undefined)?.containerStatuses ?? []).map(
        ({ imageID = '' }) => imageID.split('@').at(-1) ?? '',
      ),
    )

/** The same tag with other content: a node that has the tag does not ask for it again. */
export const drill: Drill = {
  name: 'tag-pushed-again',
  origin: 'A tag was pushed again, and nodes kept the image that they had of it',
  source: 'chapter 14; commit 77cfcc0',
  heard: 'A colleague: "I fixed the page, pushed the image and restarted web. Every pod is new, and customers still see the fault."',
  hints: ['Is what runs what the registry has? honeydue deploy:status', 'A node keeps the content that a tag had when it first pulled it'],
  breaks: ({ sandbox }) => sandbox.registry.push(pushed),
  over: async (world) => {
    const wanted = (await world.sandbox.registry.find(pushed))?.digest ?? ''
    const old = digestsOf(world).filter((digest) => digest !== wanted)
    return [
      {
        what: 'Every pod of web runs what the registry has',
        because: old.length === 0 ? undefined : `${old.length} run what it had before`,
      },
    ]
  },
  leaves: ['image of web'],
  page: 'deploy:image',
  way: () => [['deploy:image', '--tag', tags.goose, '--only', 'web', '--by-digest']],
  again: ['A tag is the short name of one commit: never push it twice (ch11, ch14).'],
}
