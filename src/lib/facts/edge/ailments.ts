import type { OriginAnswer } from '../../systems/nodes/types.ts'
import { isWell, urlOf } from './public-names.ts'
import type { EdgeSurvey } from './survey.ts'

type Asked = Pick<EdgeSurvey, 'deployment' | 'origins'>

const answerOf = ({ deployment, origins }: Asked, alias: string, name: string): OriginAnswer | undefined => {
  const answer = origins.get(alias)
  return answer && 'value' in answer ? answer.value.find(({ url }) => url === urlOf(deployment, name)) : undefined
}

/** True where the node itself could be asked. */
export const wasAsked = ({ origins }: Pick<EdgeSurvey, 'origins'>, alias: string): boolean => 'value' in (origins.get(alias) ?? {})

/** Why a node does not answer a name well: "answers 503", "the TLS handshake failed"; undefined where it does, or was not asked it. */
export const illness = (survey: Asked, alias: string, name: string): string | undefined => {
  const answer = answerOf(survey, alias, name)
  if (answer === undefined) return undefined
  if ('because' in answer) return answer.because
  return isWell(survey.deployment, answer.url, answer.status) ? undefined : `answers ${answer.status}`
}

/** True where the node was asked this name, and answers it well. */
export const answersWell = (survey: Asked, alias: string, name: string): boolean =>
  answerOf(survey, alias, name) !== undefined && illness(survey, alias, name) === undefined

/** Whether every node that was asked a name answers it with this status, and one was. */
export const saidEverywhere = (survey: Asked, name: string, status: number): boolean => {
  const said = survey.deployment.nodes.flatMap(({ alias }) => answerOf(survey, alias, name) ?? [])
  return said.length > 0 && said.every((one) => 'status' in one && one.status === status)
}

/** Names that no node which could be asked answers well: what is behind them is at fault, and no node. Why, by name. */
export const illEverywhere = (
  survey: Asked,
  names: readonly string[],
  apart: string | undefined = undefined,
): ReadonlyMap<string, string> => {
  const asked = survey.deployment.nodes.filter(({ alias }) => alias !== apart && wasAsked(survey, alias))
  return new Map(
    names.flatMap((name) => {
      const ills = asked.flatMap(({ alias }) => illness(survey, alias, name) ?? [])
      return asked.length > 0 && ills.length === asked.length ? [[name, [...new Set(ills)].join(', ')] as const] : []
    }),
  )
}

/** Why a node does not answer as it should, each name that it answers badly for; empty where all is well. `but`: names that are not its fault. */
export const ailments = (survey: Asked, alias: string, but: ReadonlyMap<string, unknown> = new Map()): readonly string[] => {
  const answer = survey.origins.get(alias)
  if (answer === undefined) return ['it was not asked']
  if ('because' in answer) return [answer.because]
  return answer.value.flatMap(({ url }) => {
    const name = new URL(url).hostname
    const ill = but.has(name) ? undefined : illness(survey, alias, name)
    return ill === undefined ? [] : [ill.startsWith('answers') ? `${name} ${ill}` : `${name}: ${ill}`]
  })
}
