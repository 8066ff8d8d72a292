import type { Clock } from '../../clock.ts'
import { Moved } from '../../errors.ts'
import { drainNode } from './drain.ts'
import type { KubeClient } from './request.ts'
import {
  addValueRequest,
  annotateRequest,
  changeObjectRequest,
  createClaimRequest,
  createObjectRequest,
  imageRequest,
  type KubeRequest,
  markNodeRequest,
  pauseRequest,
  removeAutoscalerRequest,
  removeJobRequest,
  removeNodeRequest,
  removeObjectRequest,
  removePodRequest,
  removeValueRequest,
  restartRequest,
  runJobRequest,
  scaleRequest,
  secretValueRequest,
  secretValuesRequest,
  setValueRequest,
  templateRequest,
  tlsSecretRequest,
  unschedulableRequest,
} from './requests.ts'
import { isOfKind } from './shape.ts'
import type { Deployment, KubeWriter, Pod } from './types.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** The writing half: see `KubeWriter`. `dry` sends the same calls as server-side dry runs. */
export const writeKube = (client: KubeClient, clock: Clock, dry: boolean): KubeWriter => {
  const send = async (request: KubeRequest): Promise<void> => {
    await client.write({ ...request, dry })
  }
  return {
    setConfigMapValue: (wanted) => send(setValueRequest(wanted)),
    addConfigMapValue: (wanted) => send(addValueRequest(wanted)),
    removeConfigMapValue: (wanted) => send(removeValueRequest(wanted)),
    restart: (target) => send(restartRequest(target, clock.now())),
    scale: async (wanted) => {
      const request = scaleRequest(wanted)
      await send(request).catch(async (error: unknown) => {
        const now = error instanceof Moved ? await client.get<Deployment>(request.path, (one) => isOfKind('Deployment', one)) : undefined
        if (now?.spec.replicas !== wanted.to) throw error
      })
    },
    setImage: (wanted) => send(imageRequest(wanted)),
    setTemplate: (wanted) => send(templateRequest(wanted)),
    setPaused: (wanted) => send(pauseRequest(wanted)),
    runJob: (wanted) => send(runJobRequest(wanted)),
    removeAutoscaler: (wanted) => send(removeAutoscalerRequest(wanted)),
    removeJob: (wanted) => send(removeJobRequest(wanted)),
    removePod: async (wanted) => {
      const request = removePodRequest(wanted)
      await send(request).catch(async (error: unknown) => {
        if (!(error instanceof Moved)) throw error
        const now = await client.get<Pod>(request.path, (one) => isOfKind('Pod', one))
        if (now?.metadata.uid === wanted.uid) throw error
      })
    },
    createClaim: (wanted) => send(createClaimRequest(wanted)),
    createObject: (wanted) => send(createObjectRequest(wanted)),
    changeObject: (wanted) => send(changeObjectRequest(wanted)),
    removeObject: (wanted) => send(removeObjectRequest(wanted)),
    setUnschedulable: (wanted) => send(unschedulableRequest(wanted)),
    removeNode: (wanted) => send(removeNodeRequest(wanted)),
    // A machine that is yet to join has no Node that could be asked.
    markNode: async (wanted) => {
      const request = markNodeRequest(wanted)
      if (!dry || (await client.get(request.path, (one) => isOfKind('Node', one)))) await send(request)
    },
    drain: (wanted, signal) => drainNode(client, wanted, { clock, signal, dry }),
    annotate: (wanted) => send(annotateRequest(wanted)),
    setSecretValue: async ({ value, around: _around, hashedFor: _hashedFor, also, ...wanted }) =>
      send(
        dry
          ? secretValueRequest(wanted)
          : secretValueRequest(
              { ...wanted, ...(also && { also: also.key }) },
              base64((await value.read()).reveal()),
              also && base64((await also.value.read()).reveal()),
            ),
      ),
    setSecretValues: async ({ values, ...wanted }) => {
      const data = values.map(async ({ key, value }) => [key, value ? base64((await value.read()).reveal()) : null] as const)
      await send(secretValuesRequest(wanted, Object.fromEntries(await Promise.all(data))))
    },
    // The new pair does not exist when a plan is made: rehearsed is a write that changes nothing on the version that was read.
    replaceTlsSecret: async ({ certificate, key, ...target }) =>
      send(
        dry
          ? tlsSecretRequest(target)
          : tlsSecretRequest(target, { certificate: base64(await certificate.read()), key: base64((await key.read()).reveal()) }),
      ),
  }
}
