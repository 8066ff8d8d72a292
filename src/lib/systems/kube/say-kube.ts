import { seconds } from '../../clock.ts'
import { part, type ShellLine, sh } from '../../shell.ts'
import { placeInBase64 } from '../../value-place.ts'
import type { System } from '../systems.ts'
import { htpasswdInBase64, inBase64 } from './in-base64.ts'
import type { AnyKind } from './kinds.ts'
import { kubeconfigLine, kubectlIn } from './kubeconfig-line.ts'
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
  runJobRequest,
  scaleRequest,
  secretValueRequest,
  secretValuesRequest,
  setValueRequest,
  templateRequest,
  tlsSecretRequest,
} from './requests.ts'
import type { ByPath, KubeReader, KubeWriter, Placed, Target } from './types.ts'

/** The kubectl lines that send what the writer sends; `paths` are the environment's kubeconfigs. */
export const sayKube = (paths: readonly string[]): System<KubeReader, KubeWriter>['say'] => {
  const said = (line: ShellLine | readonly ShellLine[], target: string) => ({ before: [kubeconfigLine(paths)], line, target })
  return {
    setConfigMapValue: (wanted) => said(patched('ConfigMap', wanted, setValueRequest(wanted)), `ConfigMap ${placed(wanted)}`),
    addConfigMapValue: (wanted) => said(patched('ConfigMap', wanted, addValueRequest(wanted)), `ConfigMap ${placed(wanted)}`),
    removeConfigMapValue: (wanted) => said(patched('ConfigMap', wanted, removeValueRequest(wanted)), `ConfigMap ${placed(wanted)}`),
    restart: (target) => said(sh`kubectl -n ${target.namespace} rollout restart ${`deployment/${target.name}`}`, deployment(target)),
    scale: (wanted) => said(patched('Deployment', wanted, scaleRequest(wanted)), deployment(wanted)),
    setImage: (wanted) => said(patched('Deployment', wanted, imageRequest(wanted)), deployment(wanted)),
    setTemplate: (wanted) => said(patched('Deployment', wanted, templateRequest(wanted)), deployment(wanted)),
    setPaused: (wanted) => said(patched('Deployment', wanted, pauseRequest(wanted)), deployment(wanted)),
    runJob: (wanted) => {
      const { namespace, name } = wanted
      const job = `job/${name}`
      return said(
        [
          sh`printf '%s' ${JSON.stringify(runJobRequest(wanted).body)} | kubectl -n ${namespace} create -f -`,
          sh`kubectl -n ${namespace} logs -f --pod-running-timeout=2m ${job}`,
          sh`kubectl -n ${namespace} wait --for=condition=complete --timeout=60s ${job}`,
        ],
        `Job ${placed(wanted)}`,
      )
    },
    removePod: (wanted) => said(deleted(removePodRequest(wanted)), `Pod ${placed(wanted)}`),
    createClaim: (wanted) =>
      said(
        sh`printf '%s' ${JSON.stringify(createClaimRequest(wanted).body)} | kubectl -n ${wanted.namespace} create -f -`,
        `PersistentVolumeClaim ${placed(wanted)}`,
      ),
    createObject: (wanted) =>
      said(
        sh`printf '%s' ${JSON.stringify(createObjectRequest(wanted).body)} | ${part(kubectlIn(homeOf(wanted)))} create -f -`,
        objectOf(wanted),
      ),
    changeObject: (wanted) =>
      said(
        sh`${part(kubectlIn(homeOf(wanted)))} patch ${resourceOf(wanted)} --type json -p ${JSON.stringify(changeObjectRequest(wanted).body)}`,
        objectOf(wanted),
      ),
    removeObject: (wanted) => said(deleted(removeObjectRequest(wanted)), objectOf(wanted)),
    removeAutoscaler: (wanted) => said(deleted(removeAutoscalerRequest(wanted)), `HorizontalPodAutoscaler ${placed(wanted)}`),
    removeNode: (wanted) => said(deleted(removeNodeRequest(wanted)), `Node ${wanted.node}`),
    markNode: (wanted) => said(patched('Node', { name: wanted.node }, markNodeRequest(wanted)), `Node ${wanted.node}`),
    removeJob: (wanted) =>
      said(
        [deleted(removeJobRequest(wanted)), sh`kubectl -n ${wanted.namespace} wait --for=delete --timeout=2m ${`job/${wanted.name}`}`],
        `Job ${placed(wanted)}`,
      ),
    setUnschedulable: ({ node, unschedulable }) => said(sh`kubectl ${unschedulable ? 'cordon' : 'uncordon'} ${node}`, `Node ${node}`),
    drain: ({ node, within, gently = [] }) =>
      said(
        [
          ...gently.map(({ labels, ...target }) => {
            const here = sh`kubectl -n ${target.namespace} get pods -l ${labels} --field-selector ${`spec.nodeName=${node}`} -o name`
            const anew = sh`kubectl -n ${target.namespace} rollout restart ${`deployment/${target.name}`}`
            return sh`if ${part(here)} | grep -q .; then ${part(anew)}; ${part(rolledOut(target))}; fi`
          }),
          sh`kubectl drain ${node} --ignore-daemonsets --delete-emptydir-data --timeout=${`${Math.ceil(within / seconds(1))}s`}`,
        ],
        `what runs on ${node}`,
      ),
    annotate: (wanted) => said(patched(wanted.kind, wanted, annotateRequest(wanted)), `${wanted.kind} ${placed(wanted)}`),
    setSecretValue: ({ value: _value, file, around, hashedFor, also, ...wanted }) => {
      const { body, manager = '' } = secretValueRequest({ ...wanted, ...(also && { also: also.key }) }, '%s', also && '%s')
      const values = also ? sh`"$value" "$also"` : sh`"$value"`
      return said(
        [
          sh`value=$(${part(hashedFor === undefined ? inBase64(file, around) : htpasswdInBase64(hashedFor, file))})`,
          ...(also ? [sh`also=$(${part(inBase64(also.file))})`] : []),
          // printf is the shell's own: the value stands in no list of processes.
          sh`printf ${JSON.stringify(body)} ${part(values)} | kubectl -n ${wanted.namespace} patch ${`secret/${wanted.name}`} --type merge --field-manager ${manager} --patch-file /dev/stdin`,
        ],
        `Secret ${placed(wanted)}`,
      )
    },
    setSecretValues: ({ values, ...wanted }) => {
      const set = values.filter(({ value }) => value)
      const { body } = secretValuesRequest(wanted, Object.fromEntries(values.map(({ key, value }) => [key, value ? '%s' : null])))
      const { namespace, name, resourceVersion } = wanted
      const sent =
        resourceVersion === undefined
          ? sh`kubectl -n ${namespace} create -f -`
          : sh`kubectl -n ${namespace} patch ${`secret/${name}`} --type merge --patch-file /dev/stdin`
      return said(
        [
          sh`set --`,
          ...set.map(({ place }) => sh`value=$(${part(placeInBase64(place))}); set -- "$@" "$value"`),
          // printf is the shell's own: no value stands in a list of processes.
          sh`printf ${JSON.stringify(body)} "$@" | ${part(sent)}`,
        ],
        `Secret ${placed(wanted)}`,
      )
    },
    replaceTlsSecret: ({ certificate: _certificate, key: _key, files, ...target }) => {
      const { body } = tlsSecretRequest(target, { certificate: '%s', key: '%s' })
      return said(
        [
          sh`crt=$(openssl base64 -A -in ${files.certificate})`,
          sh`key=$(openssl base64 -A -in ${files.key})`,
          // printf is the shell's own: the key stands in no list of processes.
          sh`printf ${JSON.stringify(body)} "$crt" "$key" | kubectl -n ${target.namespace} patch ${`secret/${target.name}`} --type merge --patch-file /dev/stdin`,
        ],
        `Secret ${placed(target)}`,
      )
    },
  }
}

const deleted = ({ path, body }: KubeRequest): ShellLine => sh`printf '%s' ${JSON.stringify(body)} | kubectl delete --raw ${path} -f -`

const patched = (kind: AnyKind, { namespace, name }: Placed, { contentType, body }: KubeRequest): ShellLine =>
  sh`${part(kubectlIn(namespace))} patch ${`${kind.toLowerCase()}/${name}`} --type ${contentType?.includes('json-patch') ? 'json' : 'merge'} -p ${JSON.stringify(body)}`

/** The namespace that a path leads through; of the cluster there is none. */
const homeOf = ({ path }: ByPath): string | undefined => {
  const [, home] = /\/namespaces\/([^/]+)\/./.exec(path) ?? []
  return home === undefined ? undefined : decodeURIComponent(home)
}

/** `roles.rbac.authorization.k8s.io/reader`, as kubectl takes it for every kind that a server has. */
const resourceOf = ({ path }: ByPath): string => {
  const [name = '', plural = ''] = path.split('/').reverse()
  const [, group] = /^\/apis\/([^/]+)\//.exec(path) ?? []
  return `${plural}${group === undefined ? '' : `.${group}`}/${decodeURIComponent(name)}`
}

/** `Role honeydue/deployer`: the object with its namespace, as everybody names a target. */
const objectOf = (wanted: ByPath): string => {
  const [kind = '', name = ''] = wanted.object.split(' ')
  const namespace = homeOf(wanted)
  return `${kind} ${placed({ name, ...(namespace !== undefined && { namespace }) })}`
}

const rolledOut = ({ namespace, name }: Target): ShellLine =>
  sh`kubectl -n ${namespace} rollout status --timeout=10m ${`deployment/${name}`}`

const placed = ({ namespace, name }: Placed): string => (namespace === undefined ? name : `${namespace}/${name}`)
const deployment = (target: Target): string => `Deployment ${placed(target)}`
