import { randomUUID } from 'node:crypto'
import type { Clock } from '../../clock.ts'
import { Trouble } from '../../errors.ts'
import type { storageClient } from './client.ts'
import { ruleOf } from './rules.ts'
import { otherBytes } from './trouble.ts'
import type { RoundTrip, StorageReader } from './types.ts'
import { elements, textIn } from './xml.ts'

/** Twenty thousand objects: each page is a request that is paid for. */
const mostPages = 20

/** The reading half: each question by itself, so that a key that may not do one does the others. */
export const readStorage = ({ raw, ask }: ReturnType<typeof storageClient>, clock: Clock): Omit<StorageReader, 'lacking' | 'letsIn'> => ({
  clock: async () => {
    const asked = clock.now().getTime()
    const began = performance.now()
    const { headers } = await raw({ doing: 'say the time', by: 'nobody' })
    const took = performance.now() - began
    // It names whole seconds, cut off.
    const said = Date.parse(headers.date ?? '') + 500
    return { offsetMs: Number.isNaN(said) ? Number.NaN : said - (asked + took / 2), withinMs: took / 2 + 500 }
  },
  list: async (prefix) => {
    const query = { 'list-type': '2', 'max-keys': '1000', prefix }
    const { text } = await ask({ doing: `list ${prefix}`, query, root: 'ListBucketResult' })
    return {
      objects: elements(text, 'Contents').map((one) => ({
        key: textIn(one, 'Key') ?? '',
        modified: new Date(textIn(one, 'LastModified') ?? Number.NaN),
        bytes: Number(textIn(one, 'Size')),
      })),
      more: textIn(text, 'IsTruncated') === 'true',
    }
  },
  used: async () => {
    let used = { objects: 0, bytes: 0 }
    let token: string | undefined
    for (let page = 0; page < mostPages; page++) {
      const query = { 'list-type': '2', 'max-keys': '1000', ...(token !== undefined && { 'continuation-token': token }) }
      const { text } = await ask({ doing: 'list everything', query, root: 'ListBucketResult' })
      const sizes = elements(text, 'Contents').map((one) => Number(textIn(one, 'Size')))
      used = { objects: used.objects + sizes.length, bytes: used.bytes + sizes.reduce((sum, size) => sum + size, 0) }
      token = textIn(text, 'IsTruncated') === 'true' ? textIn(text, 'NextContinuationToken') : undefined
      if (token === undefined) return { ...used, more: textIn(text, 'IsTruncated') === 'true' }
    }
    return { ...used, more: true }
  },
  lifecycle: async () => {
    const { text } = await ask({
      doing: 'show the lifecycle rules',
      query: { lifecycle: '' },
      root: 'LifecycleConfiguration',
      none: 'NoSuchLifecycleConfiguration',
    })
    return elements(text, 'Rule').map(ruleOf)
  },
  unfinished: async () => {
    const { text } = await ask({ doing: 'list unfinished uploads', query: { uploads: '' }, root: 'ListMultipartUploadsResult' })
    return elements(text, 'Upload').map((one) => ({
      key: textIn(one, 'Key') ?? '',
      began: new Date(textIn(one, 'Initiated') ?? Number.NaN),
    }))
  },
  roundTrip: async (prefix): Promise<RoundTrip> => {
    const object = `${prefix}honeydue-check-${randomUUID()}`
    const body = `To see whether an upload works; it is taken away again: ${object}\n`
    const steps: { what: 'upload' | 'read' | 'delete'; error?: Error }[] = []
    const step = async <T>(what: 'upload' | 'read' | 'delete', work: () => Promise<T>): Promise<T | undefined> => {
      try {
        const done = await work()
        steps.push({ what })
        return done
      } catch (error) {
        if (!(error instanceof Trouble)) throw error
        steps.push({ what, error })
        return undefined
      }
    }
    const uploaded = await step('upload', () => ask({ doing: 'upload an object', method: 'PUT', object, body, by: 'presigned URL' }))
    if (uploaded === undefined) return { key: object, steps }
    await step('read', async () => {
      const { text } = await ask({ doing: 'read it', object })
      if (text !== body) throw otherBytes(object)
    })
    // Without its version, deleting would only hide it.
    const version = uploaded.headers['x-amz-version-id']
    const query = typeof version === 'string' && version !== 'null' ? { versionId: version } : {}
    await step('delete', () => ask({ doing: 'delete it', method: 'DELETE', object, query }))
    return { key: object, steps }
  },
})
