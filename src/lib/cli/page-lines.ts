import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pageFile } from '../runbook/page.ts'

const generated = /<!-- by hand -->([\s\S]*?)<!-- \/by hand -->/
const block = /```sh\n([\s\S]*?)```/g

/** The lines that a page has of a procedure, each example's behind the other, for the day on which no live plan can be made. */
export const linesOfPage = async (folder: string, id: string): Promise<string> => {
  const source = await readFile(join(folder, pageFile(id)), 'utf8')
  const found = [...(generated.exec(source)?.[1] ?? '').matchAll(block)].map(([, lines = '']) => lines.trimEnd())
  const head = [
    `# Nothing answers, so these are the lines of the page: honeydue runbook:show ${id}`,
    "# Each '…' is to be filled in first.",
  ]
  return [
    ...head,
    ...found.flatMap((lines, i) => (found.length === 1 ? [lines] : [`# ${i + 1} of ${found.length}, as the page tells them apart`, lines])),
  ].join('\n')
}
