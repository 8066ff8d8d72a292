import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rotate } from '../../src/lib/procedures/secrets/rotate.ts'
import { storage } from '../../src/lib/sandbox/deployment/facts.ts'
import { planted } from '../../src/lib/sandbox/deployment/planted.ts'
import { storageKey } from '../support/rotation.ts'
import { useSystems } from '../support/systems-of.ts'
import { secondStorageKey, storageNames, useSandbox } from '../support/worlds.ts'
import { laws } from './laws.ts'
import { wholeSubject } from './whole-subject.ts'

const plain = useSandbox()
/** The sandbox, whose environment names where the key stands. */
const sandbox = () => {
  const one = plain()
  return { ...one, environment: { ...one.environment, storage: { ...one.environment.storage, ...storageNames } } }
}
const { systems, close } = useSystems(sandbox)
const input = { name: 'STORAGE_KEY', soak: 0, 'keep-old': false, 'newer-than': 86_400_000 }
const given = () => ({ ...input, from: join(plain().dir, 'new-storage-key') })

laws(rotate, wholeSubject({ sandbox, systems, close, observe: () => storageKey(plain()) }), [
  {
    name: 'a key of the storage, the old one revoked',
    input: given,
    arrange: () => {
      secondStorageKey(plain())
      Object.assign(plain().storage, { id: storage.nextId, key: planted.nextStorageKey })
      plain().storage.beside.clear()
    },
    meets: 'work',
    long: true,
  },
  {
    name: 'a key that the storage does not know',
    input: given,
    arrange: () => {
      secondStorageKey(plain())
      plain().storage.beside.clear()
    },
    refused: /s3.us-east-005.backblazeb2.com refuses the new STORAGE_KEY: the key is not accepted/,
  },
  {
    name: 'a key that may not list',
    input: given,
    arrange: () => {
      secondStorageKey(plain())
      plain().storage.without.add('list')
    },
    refused: /does not say whether it lets the new STORAGE_KEY in: the key may not do this/,
  },
  {
    name: 'no place that the next deploy takes the id of the storage key from',
    input: given,
    arrange: () => {
      secondStorageKey(plain())
      writeFileSync(join(plain().environment.checkout, 'deploy/prod.env'), `${storageNames.keyKey}=${planted.storageKey}\n`)
    },
    refused: /where the next deploy takes SANDBOX_STORAGE_ID from is not known/,
  },
])
