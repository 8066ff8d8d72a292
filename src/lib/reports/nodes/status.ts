import { reasonOf, Trouble } from '../../errors.ts'
import { type Answer, answer } from '../../facts/answer.ts'
import { readApiNodes } from '../../facts/nodes/api-nodes.ts'
import { type NodesSurvey, reachedNothing, surveyNodes } from '../../facts/nodes/survey.ts'
import { isOwnName } from '../../own-name.ts'
import { defineReport } from '../../plan/report.ts'
import type { Cluster } from '../../systems/kube/types.ts'
import { nodeFindings } from './findings.ts'
import { nodeTables, tableNote } from './table.ts'

/** One row a node, seen from both ends: the host over SSH, and the Kubernetes API. */
export const nodesStatus = defineReport({
  id: 'nodes:status',
  title: 'Show every node from both ends: SSH and the Kubernetes API',
  needs: ['nodes', 'kube'],
  choices: {},
  look: async (_, look, { environment }) => {
    const survey = await surveyNodes(environment.nodes, look.nodes, () => readApiNodes(look.kube))
    const answered = survey.api.answered ? await answer(look.kube.cluster()) : undefined
    const cluster = answered?.answered ? answered.value : undefined
    return {
      findings: nodeFindings(survey, cluster),
      tables: nodeTables(survey),
      notes: [tableNote, ...(cluster ? [`The Kubernetes API: ${cluster.server} (${cluster.kubeconfig})`] : [])],
      unreachable: reachedNothing(survey),
      data: documentOf(survey, cluster),
    }
  },
})

const errorOf = (error: unknown) => ({ code: error instanceof Trouble ? error.code : 'unknown', reason: reasonOf(error) })

const part = <T, R>(one: Answer<T> | undefined, read: (value: T) => R) =>
  one?.answered ? { answered: true as const, ...read(one.value) } : { answered: false as const, error: errorOf(one?.error) }

/** For machines: bytes, milliseconds and seconds as they were read. */
const documentOf = ({ expected, facts, api }: NodesSurvey, cluster: Cluster | undefined) => ({
  api: part(api, () => ({ server: cluster?.server, kubeconfig: cluster?.kubeconfig, fellOver: cluster?.fellOver })),
  nodes: expected.map((named) => ({
    ...named,
    host: part(facts.get(named.alias), (value) => value),
    node: (api.answered && api.value.find(({ name }) => isOwnName(name, named.hostname))) || null,
  })),
})
