import type { Pod } from '../controllers/objects.ts'

/** What a pod's annotation `honeydue.test/NAME` says of how it behaves. */
export const note = (pod: Pod, name: string): string | undefined => pod.metadata.annotations?.[`honeydue.test/${name}`]
