import { createHash } from 'node:crypto'
import type { LifecycleRule } from './types.ts'
import { elements, textIn } from './xml.ts'

/** One rule by its XML. */
export const ruleOf = (xml: string): LifecycleRule => {
  const number = (within: string, name: string): number | undefined => {
    const [part] = elements(xml, within)
    const days = part === undefined ? undefined : textIn(part, name)
    return days === undefined || !/^\d+$/.test(days) ? undefined : Number(days)
  }
  const [expires, noncurrent, aborts] = [
    number('Expiration', 'Days'),
    number('NoncurrentVersionExpiration', 'NoncurrentDays'),
    number('AbortIncompleteMultipartUpload', 'DaysAfterInitiation'),
  ]
  const [expiration = ''] = elements(xml, 'Expiration')
  return {
    prefix: textIn(xml, 'Prefix') ?? '',
    enabled: textIn(xml, 'Status') === 'Enabled',
    ...(expires !== undefined && { expires }),
    ...(noncurrent !== undefined && { noncurrent }),
    markers: textIn(expiration, 'ExpiredObjectDeleteMarker') === 'true',
    ...(aborts !== undefined && { abortsUploads: aborts }),
    text: xml,
  }
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** A rule that stands there goes back as it came; one that is wanted is written. */
const xmlOf = ({ text, prefix, enabled, expires, noncurrent, abortsUploads }: LifecycleRule): string => {
  if (text !== undefined) return `<Rule>${text}</Rule>`
  const days = (within: string, name: string, count: number | undefined): string =>
    count === undefined ? '' : `<${within}><${name}>${count}</${name}></${within}>`
  return [
    `<Rule><ID>${escaped(prefix)}</ID><Filter><Prefix>${escaped(prefix)}</Prefix></Filter>`,
    `<Status>${enabled ? 'Enabled' : 'Disabled'}</Status>`,
    days('Expiration', 'Days', expires),
    days('NoncurrentVersionExpiration', 'NoncurrentDays', noncurrent),
    days('AbortIncompleteMultipartUpload', 'DaysAfterInitiation', abortsUploads),
    '</Rule>',
  ].join('')
}

/** What a request sends to set these rules; none of them is a request of its own. */
export const lifecycleRequest = (rules: readonly LifecycleRule[]) =>
  rules.length === 0
    ? ({ method: 'DELETE', query: { lifecycle: '' } } as const)
    : ({
        method: 'PUT',
        query: { lifecycle: '' },
        body: `<LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${rules.map(xmlOf).join('')}</LifecycleConfiguration>`,
      } as const)

/** Of a body, as its header has it. */
export const md5Of = (body: string): string => createHash('md5').update(body).digest('base64')

/** Of a body, as it is signed. */
export const sha256Of = (body: string): string => createHash('sha256').update(body).digest('hex')
