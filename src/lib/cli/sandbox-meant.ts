import { type Trouble, Unreachable } from '../errors.ts'
import { findRunningSandbox } from '../sandbox/running.ts'
import { typedLine } from './typed-line.ts'

/** Where no deployment was named, none is configured and a sandbox runs on this machine, the line that means it comes next: whoever practises forgets it. */
export const orSandbox = (trouble: Trouble, id: string, argv: readonly string[], env: string | undefined): Trouble =>
  trouble.code !== 'kube-no-kubeconfig' || env !== undefined || !findRunningSandbox()
    ? trouble
    : new Unreachable({
        code: trouble.code,
        failed: trouble.failed,
        state: trouble.state,
        cause: 'None of the configured files is there. A sandbox runs on this machine; it was not named',
        details: trouble.details,
        next: typedLine(id, [...argv, '--env', 'sandbox']),
      })
