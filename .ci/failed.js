// Prints the test files that failed, of one report of vitest: one a line, as seen from here. Nothing where the report is missing or something failed outside of files.
import { readFileSync } from 'node:fs'

try {
  const { testResults } = JSON.parse(readFileSync(process.argv[2], 'utf8'))
  for (const { name, status, assertionResults } of testResults)
    if (status === 'failed' || assertionResults.some((test) => test.status === 'failed')) console.log(name.replace(`${process.cwd()}/`, ''))
} catch {}
