import { expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { Trouble } from '../../../src/lib/errors.ts'
import { storage as facts, namespace, storageHost } from '../../../src/lib/sandbox/deployment/facts.ts'
import { planted, plantedValues } from '../../../src/lib/sandbox/deployment/planted.ts'
import { openSystems } from '../../../src/lib/systems/open.ts'
import { presigned, signed } from '../../../src/lib/systems/storage/sign.ts'
import { type StorageOptions, storageSystem } from '../../../src/lib/systems/storage/storage.ts'
import { elements, rootOf, textIn } from '../../../src/lib/systems/storage/xml.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox()
const open = (more: Partial<StorageOptions> = {}) => {
  const { environment, dir } = sandbox()
  const { endpoint, region, bucket, key_command } = environment.storage
  return storageSystem({
    hostaddr: environment.hostaddr,
    caFile: `${dir}/ca.crt`,
    endpoint,
    region,
    bucket,
    key_command,
    value: async () => undefined,
    clock: systemClock,
    ...more,
  }).read
}
const codeOf = (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    () => 'an answer',
    (error: unknown) => {
      if (!(error instanceof Trouble)) throw error
      for (const secret of plantedValues) expect(JSON.stringify([error, error.failed, error.likely])).not.toContain(secret)
      return error.code
    },
  )

test('signatures are those of the examples in Amazon’s own documentation', () => {
  const signer = { id: 'AKIAIOSFODNN7EXAMPLE', key: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', region: 'us-east-1' }
  const at = new Date('2013-05-24T00:00:00Z')
  const url = (path: string) => new URL(path, 'https://examplebucket.s3.amazonaws.com')
  const signature = (path: string, headers = {}) =>
    signed(signer, at, { method: 'GET', url: url(path), headers })['authorization']?.slice(-64)
  expect(signature('/test.txt', { range: 'bytes=0-9' })).toBe('f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41')
  expect(signature('/?lifecycle')).toBe('fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543')
  expect(signature('/?max-keys=2&prefix=J')).toBe('34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7')
  expect(presigned(signer, at, { method: 'GET', url: url('/test.txt') }, 86_400).searchParams.get('X-Amz-Signature')).toBe(
    'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
  )
})

test('an object goes there by a presigned URL, comes back, and is gone for good, whatever its name', async () => {
  const { objects } = sandbox().storage
  expect((await open().roundTrip('uploads/a b+c(d)/é/')).steps).toEqual([{ what: 'upload' }, { what: 'read' }, { what: 'delete' }])
  expect([...objects.keys()]).toEqual([])
  objects.set('uploads/<&>"', { body: 'x', version: '1', modified: new Date('2026-01-01T00:00:00Z') })
  expect(await open().list('uploads/')).toEqual({
    objects: [{ key: 'uploads/<&>"', modified: new Date('2026-01-01T00:00:00Z'), bytes: 1 }],
    more: false,
  })
})

test('the live key is found by its names, in the Secret and in the ConfigMap', async () => {
  const { kubernetes, environment } = sandbox()
  const base64 = Buffer.from(planted.storageKey).toString('base64')
  kubernetes.client.update({ group: '', resource: 'secrets' }, 'honeydue-secrets', namespace, (draft) => {
    draft['data'] = { ...(draft['data'] as object), KEY_HALF: base64 }
  })
  kubernetes.client.update({ group: '', resource: 'configmaps' }, 'honeydue-config', namespace, (draft) => {
    draft['data'] = { ...(draft['data'] as object), ID_HALF: facts.id }
  })
  const list = async (keyKey: string) => {
    const storage = { ...environment.storage, key_command: undefined, idKey: 'ID_HALF', keyKey }
    const systems = openSystems({ ...environment, storage }, systemClock, new AbortController().signal)
    try {
      return await codeOf(systems.storage.read.list('uploads/'))
    } finally {
      await systems.close()
    }
  }
  expect([await list('KEY_HALF'), await list('OTHER')]).toEqual(['an answer', 'storage-no-key'])
})

test('each refusal has its code by the storage’s own, each way of not answering too, and none waits for ever', async () => {
  const { storage } = sandbox()
  const list = (more: Partial<StorageOptions> = {}) => codeOf(open(more).list('uploads/'))
  expect(await list({ bucket: 'other' })).toBe('storage-no-bucket')
  expect(await list({ region: 'us-west-004' })).toBe('storage-region')
  expect(await list({ key_command: ['echo', `another:${planted.storageKey}`] })).toBe('storage-credentials')
  expect(await list({ key_command: ['echo', `${facts.id}:another`] })).toBe('storage-credentials')
  storage.without.add('list')
  expect(await list()).toBe('storage-forbidden')
  storage.capped = true
  expect(await list()).toBe('storage-cap')
  storage.ahead = 20 * 60_000
  expect(await list()).toBe('storage-clock')
  expect((await open().clock()).offsetMs).toBeGreaterThan(19 * 60_000)
  const codes = {
    reset: 'storage-unreachable',
    silence: 'storage-silent',
    'server-error': 'storage-server-error',
    html: 'storage-no-s3',
  } as const
  for (const [trouble, code] of Object.entries(codes)) {
    storage.trouble = trouble as keyof typeof codes
    expect([trouble, await list({ timeout: 300 })]).toEqual([trouble, code])
  }
  storage.trouble = 'no end'
  expect(await list({ timeout: 300_000 })).toBe('storage-unreachable')
  storage.trouble = 'none'
  expect(await list({ hostaddr: { [storageHost]: '127.0.0.1:1' } })).toBe('storage-unreachable')
  const { environment } = sandbox()
  expect(
    await codeOf(
      storageSystem({ ...environment.storage, hostaddr: environment.hostaddr, value: async () => undefined, clock: systemClock }).read.list(
        '',
      ),
    ),
  ).toBe('storage-tls')
})

test('XML is read as far as it is used', () => {
  expect(elements('<A><B>1</B><B x="y">2</B></A>', 'B')).toEqual(['1', '2'])
  expect(textIn('<ETag>&#34;a&quot;&#x26;&lt;&unknown;</ETag>', 'ETag')).toBe('"a"&<&unknown;')
  expect([rootOf('<?xml version="1.0"?>\n<Error><Code/></Error>'), rootOf('<html>'), rootOf('{}')]).toEqual(['Error', 'html', undefined])
})
