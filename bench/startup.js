// How long the program takes to answer, beside `node -e 0`. Usage: node bench/startup.js [RUNS]
import { alone, honeydue, inTurn, measured, row } from './support.js'

export const rows = async (runs) => {
  const all = []
  for (const words of [['--version'], ['--help'], ['cache', '--help'], ['cache:invalidate', '--help']]) {
    const result = await inTurn(
      runs,
      () => honeydue(words),
      () => measured(process.execPath, ['-e', '0']),
    )
    all.push(row(`\`honeydue ${words.join(' ')}\``, '`node -e 0`', result))
  }
  return all
}

await alone(import.meta.url, rows, 21)
