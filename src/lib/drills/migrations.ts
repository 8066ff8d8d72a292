import { systemClock } from '../clock.ts'
import { namespace } from '../sandbox/deployment/facts.ts'
import { release, startJob } from '../sandbox/deployment/releases.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'

interface JobStatus {
  readonly conditions?: readonly { readonly type: string; readonly status: string }[]
}

/** Releases these files, and runs the Job until it has failed. */
export const failedMigration = async (sandbox: Sandbox, tag: string, files: Readonly<Record<string, string>>): Promise<void> => {
  await startJob(sandbox, await release(sandbox, tag, files))
  for (let waited = 0; waited < 30_000; waited += 50) {
    const job = sandbox.kubernetes.client.get({ group: 'batch', resource: 'jobs' }, 'honeydue-migrate', namespace)
    const { conditions = [] } = (job?.['status'] ?? {}) as JobStatus
    if (conditions.some(({ type, status }) => type === 'Failed' && status === 'True')) return
    await systemClock.sleep(50)
  }
  throw new Error('the migration did not fail')
}
