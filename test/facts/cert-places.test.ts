import { expect, test } from 'vitest'
import { findPlaces } from '../../src/lib/facts/cert/places.ts'
import type { KubeReader } from '../../src/lib/systems/kube/types.ts'

const origin = 'cloudflare-origin-cert'
/** A cluster that has nothing but these. */
const cluster = (stores: readonly object[], ingresses: readonly object[] = []) =>
  findPlaces({ list: async (kind: string) => (kind === 'TLSStore' ? stores : ingresses) } as unknown as KubeReader)
const store = (name: string, spec: object) => ({ metadata: { name, namespace: 'honeydue' }, spec })

test('the origin certificate is found where the default store has it, as its default or among what it adds; other stores serve nothing', async () => {
  expect(await cluster([store('default', { defaultCertificate: { secretName: origin } })])).toMatchObject({ namespaces: ['honeydue'] })
  expect(await cluster([store('default', { certificates: [{ secretName: 'other' }, { secretName: origin }] })])).toMatchObject({
    namespaces: ['honeydue'],
    others: ['honeydue/other'],
  })
  expect(await cluster([store('mine', { certificates: [{ secretName: origin }] })])).toMatchObject({ namespaces: [], others: [] })
  expect(await cluster([store('default', { defaultCertificate: { secretName: '' } })])).toMatchObject({ namespaces: [] })
})
