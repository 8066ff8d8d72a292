import type { ContainerStatus } from '../../systems/kube/types.ts'
import { lastWords } from './last-words.ts'

/** What the status of a container says of its end: the runtime's words where it could not be started, its own where it wrote some. No log has them. */
export const endingOf = ({ state, lastState }: ContainerStatus): string | undefined => {
  const { message } = state?.terminated ?? lastState?.terminated ?? {}
  return message === undefined ? undefined : lastWords(message.split('\n'))
}
