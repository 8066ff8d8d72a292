import { ask, type Case, refusal, said } from './say.ts'

/** cluster:health, whose cluster is the sandbox's on both sides: its pods are at work on either database. */
export const clusterCases: readonly Case[] = [
  {
    name: 'cluster:health: all well',
    expected: [],
    // The worker of the sandbox lives in its own Redis: beside the real one no scheduler does.
    give: async (world) => {
      const { findings } = said(await ask(world, 'cluster:health')) as { readonly findings: readonly string[] }
      return findings.filter((text) => !text.startsWith('No scheduler reports that it runs'))
    },
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
