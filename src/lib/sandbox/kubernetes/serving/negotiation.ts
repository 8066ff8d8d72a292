import { StatusError } from '../status.ts'

export type Form = 'object' | 'table' | 'metadata'

/** The form of the answer that an Accept header prefers. */
export function formOf(accept: string | undefined): { readonly form: Form; readonly yaml: boolean } {
  for (const part of (accept ?? '*/*').split(',')) {
    const [type = '', ...parameters] = part.split(';').map((piece) => piece.trim())
    const as = parameters.find((one) => one.startsWith('as='))?.slice(3)
    const version = parameters.find((one) => one.startsWith('v='))?.slice(2)
    const json = type === 'application/json' || type === '*/*' || type === 'application/*'
    if (type === 'application/yaml' && as === undefined) return { form: 'object', yaml: true }
    if (!json) continue
    if (as === undefined) return { form: 'object', yaml: false }
    if (version !== undefined && version !== 'v1') continue
    if (as === 'Table') return { form: 'table', yaml: false }
    if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') return { form: 'metadata', yaml: false }
  }
  const available =
    'application/json, application/yaml, application/vnd.kubernetes.protobuf, application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch'
  throw new StatusError(406, 'NotAcceptable', `406: Not Acceptable\n\nAvailable representations: ${available}`, {})
}
