import type { Container } from '../controllers/objects.ts'
import type { Images, KubeObject, Pulled } from '../types.ts'

type Here = Exclude<Pulled, { readonly refused: string }>

/** `host/name@sha256:…`, as containerd names what it has of `host/name:tag`. */
const idOf = (image: string, digest: string): string => `${image.replace(/@.*$/, '').replace(/:[^:/]*$/, '')}@${digest}`

/** What each node keeps of the images that it has pulled: under a name that is pushed anew it keeps the old content, until somebody pulls again. */
export function createNodeImages(images: Images | undefined) {
  const here = new Map<string, Here>()
  const key = (node: string, image: string): string => `${node} ${image}`
  return {
    /** Takes over what a container has been running, by its status or from the deployment's beginning; returns its id. */
    adopt: (node: string, image: string, imageId: string | undefined): string | undefined => {
      const digest = imageId?.match(/@(sha256:[0-9a-f]+)$/)?.[1] ?? images?.first(image)
      if (digest === undefined) return imageId || undefined
      here.set(key(node, image), { digest, runs: true })
      return idOf(image, digest)
    },
    /** What the container would run of what is on the node; undefined where it is to be pulled first. */
    present: (
      node: string,
      { image, imagePullPolicy }: Container,
    ): { readonly imageId: string | undefined; readonly runs: boolean } | undefined => {
      if (images?.first(image) === undefined) return { imageId: undefined, runs: true }
      const found = imagePullPolicy === 'Always' ? undefined : here.get(key(node, image))
      return found && { imageId: idOf(image, found.digest), runs: found.runs }
    },
    pull: async (
      node: string,
      image: string,
      pod: KubeObject,
    ): Promise<{ readonly imageId: string; readonly runs: boolean } | { readonly refused: string }> => {
      const pulled: Pulled = (await images?.pull(image, pod)) ?? { refused: 'no registry' }
      if ('refused' in pulled) return pulled
      here.set(key(node, image), pulled)
      return { imageId: idOf(image, pulled.digest), runs: pulled.runs }
    },
    clear: (): void => here.clear(),
  }
}
export type NodeImages = ReturnType<typeof createNodeImages>
