import { atMost, type Clock, seconds } from '../../clock.ts'
import type { Used } from '../../systems/storage/types.ts'
import type { Readers } from '../../systems/systems.ts'
import { type Answer, answer } from '../answer.ts'
import { bytesOf, freeOn, milliCpus } from '../deploy/room.ts'

export interface PaidNode {
  readonly name: string
  /** As the cluster labels it; undefined where it does not. */
  readonly type: string | undefined
  /** What pods request of what they may have, 0 to 1. */
  readonly cpu: number
  readonly memory: number
}

export interface CostSurvey {
  readonly nodes: Answer<readonly PaidNode[]>
  /** Undefined where the configuration has no key for it. */
  readonly storage: Answer<Used | 'too slow'> | undefined
  readonly lacking: string | undefined
}

/** Counting takes a request for each thousand objects: what takes longer is not waited for. */
const patience = seconds(8)

/** What is there to be paid for, asked at once. */
export const surveyCost = async (look: Readers<'kube' | 'storage'>, clock: Clock): Promise<CostSurvey> => {
  const lacking = await look.storage.lacking()
  const used = async (): Promise<Used | 'too slow'> => (await atMost(clock, patience, look.storage.used())) ?? 'too slow'
  const [nodes, storage] = await Promise.all([answer(paidNodes(look.kube)), lacking === undefined ? answer(used()) : undefined])
  return { nodes, storage, lacking }
}

const label = 'node.kubernetes.io/instance-type'

const paidNodes = async (kube: Readers<'kube'>['kube']): Promise<readonly PaidNode[]> => {
  const [nodes, pods] = await Promise.all([kube.nodes(), kube.pods()])
  return nodes.map((node) => {
    const { cpu = '0', memory = '0' } = node.status.allocatable ?? {}
    const free = freeOn(node, pods)
    const share = (left: number, all: number) => (all > 0 ? 1 - left / all : 0)
    return {
      name: node.metadata.name,
      // Without a cloud behind it, k3s labels its own nodes "k3s": that is no type that is paid for.
      type: [node.metadata.labels?.[label]].find((type) => type !== undefined && type !== '' && type !== 'k3s'),
      cpu: share(free.cpu, milliCpus(cpu)),
      memory: share(free.memory, bytesOf(memory)),
    }
  })
}
