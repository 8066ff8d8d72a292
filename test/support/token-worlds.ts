import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { putSecret } from '../../src/lib/drills/breaks.ts'
import { namespace } from '../../src/lib/sandbox/deployment/facts.ts'
import { planted } from '../../src/lib/sandbox/deployment/planted.ts'
import type { Sandbox } from '../../src/lib/sandbox/sandbox.ts'
import { eventually } from './eventually.ts'

const put = (sandbox: Sandbox, value: string) => putSecret(sandbox, 'honeydue-secrets', 'OBS_INGEST_TOKEN', value)

/** Every pod of api and worker has begun, with what the Secret had then. */
export const podsHaveBegun = ({ kubernetes, environmentOf }: Sandbox): Promise<void> =>
  eventually(async () =>
    kubernetes.client
      .list({ group: '', resource: 'pods' }, { namespace })
      .every(({ metadata: { name } }) => !/^(api|worker)/.test(name) || environmentOf(name) !== undefined),
  )

/** Scripts ran without the token that metrics and traces are pushed with: the Secret has none, or another; its source has it still. */
export const lostToken = async (sandbox: Sandbox, value = ''): Promise<void> => {
  await podsHaveBegun(sandbox)
  put(sandbox, value)
}

/** Somebody gave the store another token, and the Secret and its source as well; no pod was restarted. */
export const newTokenUnnoticed = async (sandbox: Sandbox): Promise<void> => {
  await podsHaveBegun(sandbox)
  sandbox.observability.token = planted.nextIngestToken
  sandbox.observability.agentToken = planted.nextIngestToken
  put(sandbox, planted.nextIngestToken)
  const source = join(sandbox.environment.checkout, 'deploy/prod.env')
  writeFileSync(source, readFileSync(source, 'utf8').replace(planted.ingestToken, planted.nextIngestToken))
}
