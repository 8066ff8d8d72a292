import { writeSync } from 'node:fs'
import { exitCodes } from '../errors.ts'

const gone: readonly string[] = ['EPIPE', 'EIO']
const full: readonly string[] = ['ENOSPC', 'EDQUOT', 'EFBIG']

/**
 * A pager that was closed early, or a terminal that is gone, ends no change that is under way. Neither does a full disk under a redirected stream,
 * but whoever reads that file must not take it for whole: one line says so where there is still room, and the end is no success.
 */
export const bearClosedStreams = (own: NodeJS.Process): void => {
  for (const [name, other] of [
    ['stdout', 2],
    ['stderr', 1],
  ] as const) {
    let said = false
    const stream = own[name]
    const emit = stream.emit.bind(stream)
    // Listeners of oclif's throw at what is no closed pipe, so the error does not come to them.
    stream.emit = (event: string | symbol, ...rest: unknown[]) => {
      if (event !== 'error') return emit(event, ...rest)
      const { code = '' } = rest[0] as NodeJS.ErrnoException
      if (gone.includes(code)) return true
      if (!full.includes(code)) return emit(event, ...rest)
      if (!said) tell(own, name, other, code)
      said = true
      return true
    }
  }
}

const tell = (own: NodeJS.Process, name: 'stdout' | 'stderr', other: number, code: string): void => {
  own.once('exit', (exit) => {
    if (exit === 0) own.exitCode = exitCodes.unreachable
  })
  try {
    writeSync(
      other,
      `What goes to ${name === 'stdout' ? 'standard output' : 'standard error'} cannot be written (${code}): it is not whole.\n`,
    )
  } catch {
    // There is no room on the other one either.
  }
}
