import { shown } from '../cli/shown.ts'
import { counted } from '../counted.ts'
import type { Shown } from './show-logs.ts'

/** So many pods or logs are named one by one. */
const named = 10

const listed = (all: readonly string[]): string =>
  [...all.slice(0, named), ...(all.length > named ? [`and ${all.length - named} more`] : [])].join(', ')

/** What is to be known of what was shown and of what was not, a sentence a line. `range`: "since …", or how else they were chosen. */
export const notesOf = (
  { lines, pods, silent, unread, withoutLevel, unknownSecrets }: Shown,
  { range, cut }: { readonly range: string; readonly cut: number },
): readonly string[] => [
  ...unread
    .slice(0, named)
    .map(
      ({ pod, container, previous, because }) =>
        `${pod}/${container}${previous ? ', before its restart,' : ''} could not be read: ${shown(because)}`,
    ),
  ...(unread.length > named ? [`${unread.length - named} more logs could not be read`] : []),
  `${counted(lines, 'line')} of ${counted(pods, 'pod')}, ${range}`,
  ...(silent.length > 0
    ? [`No line of ${listed(silent.map(({ pod, waits }) => `${shown(pod)}${waits === undefined ? '' : ` (${shown(waits)})`}`))}`]
    : []),
  ...(cut > 0 ? [`${counted(cut, 'line')} ${cut === 1 ? 'was' : 'were'} cut: --json has more of them`] : []),
  ...(withoutLevel > 0
    ? [
        `${counted(withoutLevel, 'line says', 'lines say')} no level and ${withoutLevel === 1 ? 'is' : 'are'} left out: without --level they are shown`,
      ]
    : []),
  ...(unknownSecrets.length > 0
    ? [`Values of ${listed(unknownSecrets.map(shown))} could not be read: what looks like a secret is hidden, and nothing else of them`]
    : []),
  'Pods that were deleted are not included: their logs went with them.',
]
