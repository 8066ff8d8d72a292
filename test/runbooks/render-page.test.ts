import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { Chalk } from 'chalk'
import { expect, test } from 'vitest'
import { plainPage, renderPage } from '../../src/lib/cli/render-page.ts'
import { parsePage } from '../../src/lib/runbook/page.ts'

const plain = new Chalk({ level: 0 })

const text = `# A title

A paragraph with \`code in it\` and **two \`words\`** in bold that
goes on in the next line of the source.

<!-- plan -->

1. The first step, which is long enough to be wrapped
   - what: before → after

<!-- /plan -->

\`\`\`sh
# a comment
kubectl -n honeydue exec deploy/redis -- sh -c 'a line that is never wrapped'
\`\`\`
`

test('a page is wrapped at the width, but for its shell lines', () => {
  expect(renderPage(text, 40, plain).split('\n')).toEqual([
    'A title',
    '',
    'A paragraph with code in it and two',
    'words in bold that goes on in the next',
    'line of the source.',
    '',
    '1. The first step, which is long enough',
    '   to be wrapped',
    '   - what: before → after',
    '',
    '  # a comment',
    "  kubectl -n honeydue exec deploy/redis -- sh -c 'a line that is never wrapped'",
  ])
})

test('colour changes no character, and a span is whole on both sides of a break', () => {
  const coloured = renderPage(text, 30, new Chalk({ level: 1 }))
  expect(stripVTControlCharacters(coloured)).toBe(renderPage(text, 30, plain))
  expect(coloured).toContain('\u001b[1mtwo\u001b[22m')
})

const folder = fileURLToPath(new URL('../../runbooks/', import.meta.url))
test.each(readdirSync(folder))('%s is Markdown that the terminal shows whole', (file) => {
  const page = parsePage(readFileSync(folder + file, 'utf8'))
  const rendered = renderPage(page.text, 80, plain)
  expect(rendered).not.toMatch(/<!--|```|\*\*|\]\(/)
  const words = (markdown: string) => markdown.split(/\s+/).filter((word) => !/^#*$/.test(word))
  expect(words(rendered)).toEqual(words(plainPage(page.text).replace(/```[a-z]*|^#+ |`(?=[^`])|\*\*/gm, '')))
})
