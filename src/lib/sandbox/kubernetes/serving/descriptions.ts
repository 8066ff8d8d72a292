import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

export interface Description {
  readonly text?: string
  readonly fields: ReadonlyMap<string, string>
  readonly required: readonly string[]
}

const nothing: Description = { fields: new Map(), required: [] }
// Where the client's name of a type is not V1 and ours.
const names: Readonly<Record<string, string>> = {
  AccessReviewStatus: 'V1SubjectAccessReviewStatus',
  DiscoveryEndpointPort: 'DiscoveryV1EndpointPort',
  EndpointPort: 'CoreV1EndpointPort',
  Event: 'CoreV1Event',
  EventSeries: 'CoreV1EventSeries',
  EventsEvent: 'EventsV1Event',
  EventsEventSeries: 'EventsV1EventSeries',
  OlderAutoscaler: 'V1HorizontalPodAutoscaler',
  OlderAutoscalerSpec: 'V1HorizontalPodAutoscalerSpec',
  OlderAutoscalerStatus: 'V1HorizontalPodAutoscalerStatus',
  Subject: 'RbacV1Subject',
}
const known = new Map<string, Description>()

/**
 * What Kubernetes says of a type and its fields. The client library's declarations carry every word of the published OpenAPI documents; they are read when
 * a document is first asked for, and without them it has no descriptions.
 */
export function descriptionOf(type: string): Description {
  const found = known.get(type) ?? read(names[type] ?? `V1${type}`)
  known.set(type, found)
  return found
}

// A blank line of the original has become two spaces.
const plain = (text: string) =>
  text
    .replace(/^\s*\* ?/gm, '')
    .trim()
    .replace(/\\(['"])/g, '$1')
    .replace(/(?<=[.:)]) {2}/g, '\n\n')

function read(model: string): Description {
  let source: string
  try {
    const library = dirname(createRequire(import.meta.url).resolve('@kubernetes/client-node'))
    source = readFileSync(join(library, 'gen/models', `${model}.d.ts`), 'utf8')
  } catch {
    return nothing
  }
  const text = /\/\*\*\n((?:\*.*\n)+)\*\/\nexport declare class/.exec(source)?.[1]
  const body = source.slice(source.indexOf('export declare class'), source.indexOf('static readonly discriminator'))
  const fields = [...body.matchAll(/\/\*\*\n((?:\s*\*(?!\/).*\n)+)\s*\*\/\n\s*'([^']+)'/g)]
  const required = [...body.matchAll(/^ {4}'([^']+)':/gm)]
  return {
    ...(text === undefined ? {} : { text: plain(text) }),
    fields: new Map(fields.map(([, words = '', field = '']) => [field.replace(/^_/, ''), plain(words)])),
    required: required.map(([, field = '']) => field.replace(/^_/, '')),
  }
}
