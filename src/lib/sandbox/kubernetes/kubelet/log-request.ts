import type { ServerResponse } from 'node:http'
import type { Nodes } from '../controllers/nodes.ts'
import { as, type Pod } from '../controllers/objects.ts'
import { badRequest, StatusError } from '../status.ts'
import type { KubeletRequest } from '../types.ts'
import type { Kubelet } from './kubelet.ts'
import type { LogLine } from './log.ts'

/** The container that a request means: the one it names, or the only one; init containers count only by name. */
export function containerOf(pod: Pod, wanted: string | null): string {
  const names = pod.spec.containers.map(({ name }) => name)
  const inits = (pod.spec.initContainers ?? []).map(({ name }) => name)
  const { name } = pod.metadata
  if (wanted) {
    if (!names.includes(wanted) && !inits.includes(wanted)) throw badRequest(`container ${wanted} is not valid for pod ${name}`)
    return wanted
  }
  const [only, another] = names
  if (only === undefined || another !== undefined)
    throw badRequest(
      `a container name must be specified for pod ${name}, choose one of: [${names.join(' ')}]${inits.length > 0 ? ` or one of the init containers: [${inits.join(' ')}]` : ''}`,
    )
  return only
}

/** Answers GET pods/{name}/log. */
export function answerLog(kubelet: Kubelet, nodes: Nodes, { pod: found, query }: KubeletRequest, response: ServerResponse): void {
  const pod = as<Pod>(found)
  const container = containerOf(pod, query.get('container'))
  if (!pod.spec.nodeName) return void response.writeHead(204).end()
  refuseFromAfar(nodes, pod, container)
  const on = (name: string) => query.get(name) === 'true' || query.get(name) === '1'
  const log = kubelet.log(pod, container, on('previous'))
  if (!log && on('previous')) throw badRequest(`previous terminated container "${container}" in pod "${pod.metadata.name}" not found`)
  if (!log)
    throw badRequest(`container "${container}" in pod "${pod.metadata.name}" is waiting to start: ${kubelet.waiting(pod, container)}`)
  const tail = query.get('tailLines')
  const since = query.get('sinceSeconds')
    ? Date.now() - Number(query.get('sinceSeconds')) * 1000
    : query.get('sinceTime')
      ? Date.parse(query.get('sinceTime') ?? '')
      : 0
  const limit = query.get('limitBytes') ? Number(query.get('limitBytes')) : Number.POSITIVE_INFINITY
  const text = ({ at, text: line }: LogLine) =>
    `${on('timestamps') ? `${new Date(at).toISOString().replace('Z', '000000Z')} ` : ''}${line}\n`
  const recent = log.lines.filter(({ at }) => at >= since)
  const chosen = tail === null ? recent : Number(tail) === 0 ? [] : recent.slice(-Number(tail))
  response.writeHead(200, { 'Content-Type': 'text/plain' })
  let left = limit
  const cut = (lines: string): Buffer => {
    const body = Buffer.from(lines)
    const part = body.subarray(0, Math.min(body.length, left))
    left -= part.length
    return part
  }
  const body = cut(chosen.map(text).join(''))
  if (!on('follow')) return void response.end(body)
  response.flushHeaders()
  response.write(body)
  const stop = log.follow((line) => {
    if (line !== undefined) response.write(cut(text(line)))
    if (line === undefined || left === 0) response.end()
  })
  response.on('close', stop)
}

/** The API server asks the kubelet; of a node that is away nothing comes. */
function refuseFromAfar(nodes: Nodes, { metadata, spec }: Pod, container: string): void {
  const node = spec.nodeName ?? ''
  if (!nodes.plays(node) || nodes.isUp(node)) return
  const place = `${nodes.address(node)}:10250`
  const url = `https://${place}/containerLogs/${metadata.namespace}/${metadata.name}/${container}`
  throw new StatusError(500, '', `Get "${url}": dial tcp ${place}: connect: no route to host`, {})
}
