import { ask, type Case, refusal, said } from './say.ts'

/** cluster:health, whose cluster is the sandbox's on both sides: its pods are at work on either database. */
export const clusterCases: readonly Case[] = [
  {
    name: 'cluster:health: all well',
    expected: { code: 0, findings: [] },
    give: async (world) => said(await ask(world, 'cluster:health')),
  },
  {
    name: 'cluster:health: the API server does not answer',
    expected: refusal(9, 'kube-unreachable'),
    give: async (world) => {
      world.sandbox.kubernetes.fail({ answer: 'reset' })
      return said(await ask(world, 'cluster:health'))
    },
  },
]
