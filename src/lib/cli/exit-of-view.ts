import { exitCodes } from '../errors.ts'
import type { View } from '../plan/report.ts'

/** What a report exits with: 0 all well, 3 something is wrong, 9 nothing could be reached. */
export const exitOfView = ({ findings, unreachable, exitCode }: View): number =>
  unreachable
    ? exitCodes.unreachable
    : exitCode !== undefined
      ? exitCode
      : findings.some(({ level }) => level === 'wrong')
        ? exitCodes.blocked
        : exitCodes.done
