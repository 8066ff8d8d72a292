import { seconds } from '../../clock.ts'
import { lastApplied } from '../../notes.ts'
import { part, type ShellLine, sh } from '../../shell.ts'
import { placeInBase64 } from '../../value-place.ts'
import type { Shown } from '../systems.ts'
import { inBase64 } from './in-base64.ts'
import { kubeconfigLine, kubectlIn } from './kubeconfig-line.ts'
import type { KubeProver, Placed } from './types.ts'

/** A field of an object in a variable `found`: a command that fails within a test would pass for an empty answer. */
const field = ({ namespace, name }: Placed, kind: string, path: string): ShellLine =>
  sh`found=$(${part(kubectlIn(namespace))} get ${`${kind}/${name}`} -o ${`jsonpath={${path}}`})`

/** A key as a jsonpath holds it. */
const step = (key: string): string => key.replace(/[.\\]/g, '\\$&')

/** `nopods NAMESPACE SELECTOR`: none is left that has not ended for good. */
const nopods = sh`nopods() { pods=$(kubectl -n "$1" get pods -l "$2" --field-selector=status.phase!=Succeeded,status.phase!=Failed -o name) && test -z "$pods"; }`

/** `drained NODE`: of what runs there, each has the kind of its owner before its name, and a mirror pod the Node's. */
const drained = sh`drained() { undrained=$(kubectl get pods -A --field-selector "spec.nodeName=$1,status.phase!=Succeeded,status.phase!=Failed" -o 'jsonpath={range .items[*]}{.metadata.ownerReferences[0].kind} {.metadata.name}{"\\n"}{end}') && ! printf '%s\\n' "$undrained" | grep -qvE '^(DaemonSet |Node |$)'; }`

/** Stops where a key of a Secret is not what a line prints in base64. */
const keyIs = ({ key, ...target }: Placed & { readonly key: string }, ours: ShellLine): readonly ShellLine[] => [
  sh`ours=$(${part(ours)})`,
  sh`${part(field(target, 'secret', `.data.${step(key)}`))}; test "$found" = "$ours"`,
]

/** The kubectl lines that stop where an object is not so; `paths` are the environment's kubeconfigs. */
export const proveKube = (paths: readonly string[]): KubeProver => {
  const shown = (lines: readonly ShellLine[], before: readonly ShellLine[] = []): Shown => ({
    before: [kubeconfigLine(paths), ...before],
    lines,
  })
  return {
    value: ({ key, value, ...target }) => shown([sh`${part(field(target, 'configmap', `.data.${step(key)}`))}; test "$found" = ${value}`]),
    paused: ({ paused, ...target }) => {
      const found = part(field(target, 'deployment', '.spec.paused'))
      return shown([paused ? sh`${found}; test "$found" = true` : sh`${found}; test "$found" != true`])
    },
    annotation: ({ kind, annotation, value, ...target }) =>
      shown([sh`${part(field(target, kind.toLowerCase(), `.metadata.annotations.${step(annotation)}`))}; test "$found" = ${value}`]),
    rolledOut: ({ replicas, within, ...target }) => {
      const wait = sh`kubectl -n ${target.namespace} rollout status --timeout=${`${whole(within)}s`} ${`deployment/${target.name}`}`
      return shown(
        replicas === undefined ? [wait] : [sh`${part(field(target, 'deployment', '.spec.replicas'))}; test "$found" = ${replicas}`, wait],
      )
    },
    isThere: ({ kind, ...target }) =>
      shown([sh`${part(field(target, kind.toLowerCase(), '.metadata.name'))}; test "$found" = ${target.name}`]),
    unschedulable: ({ node, unschedulable }) => {
      const found = sh`found=$(kubectl get ${`node/${node}`} -o jsonpath={.spec.unschedulable})`
      return shown([unschedulable ? sh`${part(found)}; test "$found" = true` : sh`${part(found)}; test "$found" != true`])
    },
    accepted: () => shown([sh`kubectl get --raw /api > /dev/null`]),
    nodeReady: ({ node, within }) => shown([sh`kubectl wait --for=condition=Ready --timeout=${`${whole(within)}s`} ${`node/${node}`}`]),
    drained: ({ node, within }) => shown([sh`within ${whole(within)} drained ${node}`], [drained]),
    noPods: ({ namespace, labels, within }) => shown([sh`within ${whole(within)} nopods ${namespace} ${labels}`], [nopods]),
    tlsPair: ({ file, ...target }) =>
      shown([
        sh`ours=$(openssl x509 -in ${file} -noout -pubkey)`,
        sh`${part(field(target, 'secret', '.data.tls\\.crt'))}; theirs=$(printf %s "$found" | openssl base64 -d -A | openssl x509 -noout -pubkey); test "$theirs" = "$ours"`,
        sh`${part(field(target, 'secret', '.data.tls\\.key'))}; theirs=$(printf %s "$found" | openssl base64 -d -A | openssl pkey -pubout); test "$theirs" = "$ours"`,
      ]),
    secretValue: ({ file, around, ...target }) => shown(keyIs(target, inBase64(file, around))),
    placedValue: ({ place, ...target }) => shown(keyIs(target, placeInBase64(place))),
    noCopy: (target) => shown([sh`${part(field(target, 'secret', `.metadata.annotations.${step(lastApplied)}`))}; test -z "$found"`]),
    another: ({ kind, uid, ...target }) =>
      shown([
        sh`found=$(${part(kubectlIn(target.namespace))} get ${`${kind.toLowerCase()}/${target.name}`} --ignore-not-found -o jsonpath={.metadata.uid}); test "$found" != ${uid}`,
      ]),
    jobOfAnotherImage: ({ image, ...target }) =>
      shown([
        sh`${part(field(target, 'job', '.status.succeeded'))}; test "$found" = 1`,
        sh`${part(field(target, 'job', '.spec.template.spec.containers[*].image'))}; case " $found " in *" "${image}" "*) false ;; esac`,
      ]),
  }
}

/** kubectl takes whole seconds. */
const whole = (within: number): number => Math.ceil(within / seconds(1))
