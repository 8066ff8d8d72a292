import { expect, test } from 'vitest'
import { keptSecretOf } from '../../../src/lib/systems/kube/stored-secret.ts'
import { tlsSecretOf } from '../../../src/lib/systems/kube/tls-secret.ts'

test('what stands where a time should and is none is no time: a report of it ended with a RangeError', () => {
  const odd = 'yesterday; $(touch pwned)'
  const secret = {
    metadata: {
      name: 'honeydue-secrets',
      creationTimestamp: odd,
      managedFields: [{ manager: 'kubectl', operation: 'Update', time: odd, fieldsV1: { 'f:data': { 'f:A': {} } } }],
    },
    data: { A: 'eA==' },
  }
  const { createdAt, keys } = keptSecretOf(secret)
  expect([createdAt, keys[0]?.writtenAt, keys[0]?.rotatedAt, tlsSecretOf(secret).writtenAt]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ])
  const good = '2026-11-30T10:00:00Z'
  const known = { ...secret, metadata: { ...secret.metadata, creationTimestamp: good, managedFields: [] } }
  expect([keptSecretOf(known).createdAt, tlsSecretOf(known).writtenAt]).toEqual([new Date(good), new Date(good)])
})
