import { readFileSync } from 'node:fs'

/**
 * Follows how long a process stands in line for a processor, where Linux says it: what others do on this machine meanwhile is no wait of a command's.
 * Returns what ends it, and gives the milliseconds.
 */
export const inLine = (pid: number): (() => number) => {
  let last = 0
  const look = () => {
    try {
      last = Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6
    } catch {
      // It has ended, or this is no Linux.
    }
  }
  const looking = setInterval(look, 50)
  return () => {
    clearInterval(looking)
    return last
  }
}
