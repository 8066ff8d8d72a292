import type { System } from '../systems.ts'
import type { KubeReader, KubeWriter, Target } from './types.ts'
import { migratesToNote, replicasNote } from './write-kube.ts'

const quote = (value: unknown): string => `'${JSON.stringify(value).replaceAll("'", `'\\''`)}'`

/** The kubectl lines that do what the writer does; they take `$KUBECONFIG` from the shell. */
export const sayKube: System<KubeReader, KubeWriter>['say'] = {
  setConfigMapValue: ({ namespace, name, key, to }) => ({
    line: `kubectl -n ${namespace} patch configmap ${name} --type merge -p ${quote({ data: { [key]: to } })}`,
    target: `ConfigMap ${namespace}/${name}`,
  }),
  restart: ({ namespace, name }) => ({
    line: [`kubectl -n ${namespace} rollout restart deploy/${name}`, `kubectl -n ${namespace} rollout status deploy/${name}`],
    target: deployment({ namespace, name }),
  }),
  scale: ({ namespace, name, from, to }) => ({
    line: [
      ...(to === 0 ? [`kubectl -n ${namespace} annotate deploy/${name} ${replicasNote}=${from} --overwrite`] : []),
      `kubectl -n ${namespace} scale deploy/${name} --current-replicas=${from} --replicas=${to}`,
      ...(from === 0 ? [`kubectl -n ${namespace} annotate deploy/${name} ${replicasNote}-`] : []),
    ],
    target: deployment({ namespace, name }),
  }),
  setPaused: ({ namespace, name, paused }) => ({
    line: `kubectl -n ${namespace} rollout ${paused ? 'pause' : 'resume'} deploy/${name}`,
    target: deployment({ namespace, name }),
  }),
  runJob: ({ namespace, name, file, container, image, migratesTo }) => ({
    line: [
      `kubectl set image --local -f ${file} ${container}=${image} -o yaml | kubectl annotate --local -f - ${migratesToNote}=${migratesTo} -o yaml | kubectl -n ${namespace} create -f -`,
      `kubectl -n ${namespace} logs -f job/${name}`,
    ],
    target: `Job ${namespace}/${name}`,
  }),
  removeJob: ({ namespace, name }) => ({
    line: `kubectl -n ${namespace} delete job ${name} --cascade=foreground`,
    target: `Job ${namespace}/${name}`,
  }),
  annotate: ({ kind, namespace, name, annotation, value }) => ({
    line: `kubectl -n ${namespace} annotate ${kind.toLowerCase()} ${name} ${annotation}${value === undefined ? '-' : `=${shell(value)} --overwrite`}`,
    target: `${kind} ${namespace}/${name}`,
  }),
  replaceTlsSecret: ({ namespace, name, files }) => ({
    line: `kubectl -n ${namespace} create secret tls ${name} --cert=${files.certificate} --key=${files.key} --dry-run=client -o yaml | kubectl replace -f -`,
    target: `Secret ${namespace}/${name}`,
  }),
}

/** A word as the shell takes it: quoted only where it must be. */
const shell = (value: string): string => (/^[\w.:/@-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`)

const deployment = ({ namespace, name }: Target): string => `Deployment ${namespace}/${name}`
