// The end of CI: what failed, what was run twice, and one line that counts. Where only the end of the output is kept, names are what is needed.
// node .ci/sum.js STATUS LANE…: each LANE is a report without its ending; LANE.again.json has the files that were run once more.
import { readFileSync } from 'node:fs'

const report = (file) => {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {}
}
const [status, ...lanes] = process.argv.slice(2)
const short = (name) => name.replace(`${process.cwd()}/`, '')
const isFailed = (test) => test.status === 'failed'
let passed = 0
let failed = 0
for (const lane of lanes) {
  const first = report(`${lane}.json`)
  const again = report(`${lane}.again.json`)
  const files = new Map([...(first?.testResults ?? []), ...(again?.testResults ?? [])].map((file) => [file.name, file]))
  for (const { name } of again?.testResults ?? []) {
    const before = first.testResults.find((file) => file.name === name)
    for (const test of before?.assertionResults.filter(isFailed) ?? [])
      console.log(`TWICE ${short(name)}: ${test.fullName}\n  ${test.failureMessages.join('\n').split('\n').slice(0, 4).join('\n  ')}`)
  }
  let lost = 0
  for (const { name, status, message, assertionResults } of files.values()) {
    passed += assertionResults.filter((test) => test.status === 'passed').length
    const wrong = assertionResults.filter(isFailed)
    if (status === 'failed' && wrong.length === 0) {
      console.log(`FAILED ${short(name)}: ${message.split('\n')[0]}`)
      lost++
    }
    for (const test of wrong)
      console.log(`FAILED ${short(name)}: ${test.fullName}\n  ${test.failureMessages.join('\n').split('\n').slice(0, 12).join('\n  ')}`)
    lost += wrong.length
  }
  // An error outside of every test, and a lane that did not come to its end, are in no file.
  failed += lost || ((again ?? first)?.success ? 0 : 1)
}
console.log(`${passed} passed, ${failed || (status === '0' ? 0 : 1)} failed`)
