import { Blocked } from '../../errors.ts'
import { Secret } from '../../secret.ts'
import { valueFiles } from '../../value-files.ts'
import { sourceByName } from './companion.ts'
import { type HandMade, handMade } from './hand-made.ts'
import { baseOf } from './how-far.ts'

const called = 'STORAGE_KEY'

/** What users' files are kept with: an id and a key, which are made together and change together. Where they stand no source says. */
const key: HandMade<'storage'> = {
  find: async ({ namespace, storage: { secret, idKey, keyKey, endpoint } }, look) => {
    if (idKey === undefined || keyKey === undefined) throw noNames()
    const files = valueFiles(baseOf(called))
    const values = await Promise.all([
      look.kube.secret(namespace, secret, keyKey),
      look.checkout.secret(files.new),
      look.checkout.secret(files.old),
    ])
    const source = await sourceByName(
      look,
      keyKey,
      values.flatMap((value) => (value ? [value.reveal()] : [])),
    )
    if (source === undefined) throw noSource(keyKey)
    return {
      secret,
      key: keyKey,
      called,
      source,
      half: true,
      at: 'https://secure.backblaze.com/app_keys.htm (Backblaze: an application key for this bucket, as ID:KEY)',
      by: endpoint,
    }
  },
  goesWith: async ({ storage: { secret, idKey = '' } }, { from, typed }, { checkout }) => {
    const given = from === undefined ? typed : await checkout.given(from)
    const [, id] = /^([^:\s]+):/.exec(given?.reveal() ?? '') ?? []
    if (given !== undefined && id === undefined) throw noId()
    return { key: idKey, called: 'storage_key_id', next: id, secret }
  },
  ask: async ({ storage }, { next, companion }, value) => {
    if (value === undefined) return storage.letsIn()
    const id = value === next ? companion?.next : companion?.old
    return id === undefined
      ? { is: 'put off', because: 'its id is not known any more', next: 'honeydue secrets:status' }
      : storage.letsIn(new Secret(`${id.reveal()}:${value.reveal()}`))
  },
}

export const storageKey = handMade(key)

const noNames = (): Blocked =>
  new Blocked({
    code: 'secrets-no-names',
    failed: 'Under which names the application has its key of the storage is not known',
    cause: 'No source says it: storage.idKey and storage.keyKey of the configuration name them',
    next: 'honeydue config:explain',
  })

const noSource = (name: string): Blocked =>
  new Blocked({
    code: 'secrets-no-source',
    failed: `Where the truth of ${name} stands is not known`,
    cause: 'Neither deploy/prod.env has a line of that name nor deploy-k3s/config.yaml its value in one place',
    next: 'honeydue secrets:status',
  })

const noId = (): Blocked =>
  new Blocked({
    code: 'secrets-no-key-id',
    failed: 'What was given has no id before the key',
    cause: 'Backblaze shows both once, when the key is made: ID:KEY in one line',
    next: 'the same command with both',
  })
