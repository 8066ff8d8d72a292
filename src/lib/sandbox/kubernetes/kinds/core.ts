import { qualifiedName } from '../naming.ts'
import { isJson, type Json } from '../schema/json.ts'
import { type Cause, required, unsupported } from '../status.ts'
import { type Kind, spec } from './kind.ts'

const object = (value: unknown): Json => (isJson(value) ? value : {})
const text = (value: unknown) => String(value ?? '')

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']

export const namespace: Kind = {
  name: 'label',
  create: (o) => {
    o.metadata.labels = { ...o.metadata.labels, 'kubernetes.io/metadata.name': o.metadata.name }
  },
  complete: (o) => {
    spec(o)['finalizers'] = ['kubernetes']
    o['status'] = { phase: 'Active' }
  },
  update: (o, old) => {
    o['spec'] = old['spec']
    o.metadata.labels = { ...o.metadata.labels, 'kubernetes.io/metadata.name': o.metadata.name }
  },
  fields: (o) => ({ 'status.phase': text(object(o['status'])['phase']) }),
}

export const node: Kind = {
  default: (o) => {
    o['spec'] ??= {}
    o['status'] ??= {
      daemonEndpoints: { kubeletEndpoint: { Port: 0 } },
      nodeInfo: {
        machineID: '',
        systemUUID: '',
        bootID: '',
        kernelVersion: '',
        osImage: '',
        containerRuntimeVersion: '',
        kubeletVersion: '',
        kubeProxyVersion: '',
        operatingSystem: '',
        architecture: '',
      },
    }
  },
  create: (o) => {
    // Until its kubelet has said that it is well.
    const { taints } = spec(o)
    const birth = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }
    spec(o)['taints'] = [...(Array.isArray(taints) ? taints.filter(({ key }) => key !== birth.key) : []), birth]
  },
  validate: (o) => {
    const { taints } = spec(o)
    const causes = (Array.isArray(taints) ? taints.filter(isJson) : []).flatMap((taint, at) => {
      const path = `metadata.taints[${at}]`
      const effect = text(taint['effect'])
      return [
        ...qualifiedName(`${path}.key`, text(taint['key'])),
        ...(effects.includes(effect) ? [] : [unsupported(`${path}.effect`, effect, effects)]),
      ]
    })
    // The server looks twice.
    return [...causes, ...causes]
  },
  fields: (o) => ({ 'spec.unschedulable': text(spec(o)['unschedulable'] ?? false) }),
}

export const persistentVolumeClaim: Kind = {
  default: (o) => {
    spec(o)['volumeMode'] ??= 'Filesystem'
    o['status'] ??= { phase: 'Pending' }
  },
  create: (o) => {
    o.metadata.finalizers = [...new Set([...(o.metadata.finalizers ?? []), 'kubernetes.io/pvc-protection'])]
    o['status'] = { phase: 'Pending' }
  },
  validate: (o) => {
    const of = spec(o)
    const causes: Cause[] = []
    if (!Array.isArray(of['accessModes']) || of['accessModes'].length === 0)
      causes.push(required('spec.accessModes', 'at least 1 access mode is required'))
    if (object(object(of['resources'])['requests'])['storage'] === undefined) causes.push(required('spec.resources[storage]'))
    return causes
  },
}
