import { type HandMade, handMade } from './hand-made.ts'

/** What metrics and traces are pushed with: nginx before the store asks for it (ch15), and a GET there, which writes nothing, says whether it lets in. */
const token: HandMade<'metrics'> = {
  find: async ({ observability: { secret, tokenKey: key, write } }) => {
    const { host } = new URL(write)
    return { secret, key, at: `the nginx before ${host}, in /opt/honeydue-obs of its machine`, by: host }
  },
  ask: async ({ metrics }, _, value) => {
    const answer = await metrics.mayWrite(value)
    return answer.takes ? { is: 'let in' } : { is: 'refused', because: `it answered ${answer.status}` }
  },
  shows: ({ metrics }, file, wanted) => metrics.takes(file, wanted),
  beside: ({ observability: { agent } }) =>
    `${agent} has its own from the deploy, which puts that of deploy/prod.env into its manifest, and not from the Secret: deploy it first (bash deploy-k3s/scripts/03-deploy.sh --skip-build), or no metric comes in any more.`,
}

export const obsIngestToken = handMade(token)
