import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { expect, test } from 'vitest'

const source = fileURLToPath(new URL('../../src/lib/', import.meta.url))

/** Programs that lines for an operator begin with. */
const programs =
  /^(?:export \w+=|PGPASSWORD=|\(?(?:kubectl|ssh|ssh-add|ssh-keygen|scp|psql|curl|cf|neon|git|docker|openssl|redis-cli|ufw|sudo|sed|grep|cp|mv|rm|cat|cd|test|printf|honeydue) )/

/** What a template may hold without a quoting function: another such template, or a call of one. */
const quotes = (expression: ts.Expression): boolean =>
  (ts.isTaggedTemplateExpression(expression) && expression.tag.getText() === 'sh') ||
  (ts.isCallExpression(expression) && ['word', 'typedLine'].includes(expression.expression.getText()))

const isNext = (node: ts.Node): boolean => ts.isPropertyAssignment(node) && node.name.getText() === 'next'

/** Fields of an error or a finding that are sentences, whatever word they begin with. */
const isSentence = (node: ts.Node): boolean =>
  ts.isPropertyAssignment(node) && ['failed', 'cause', 'text', 'because', 'title', 'ask', 'state'].includes(node.name.getText())

const parts = ['cli', 'facts', 'plan', 'procedures', 'reports', 'runbook', 'systems', 'environment']
const files = parts.flatMap((part) =>
  readdirSync(join(source, part), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(part, file)),
)

/** Templates with a value in a line for a shell that nothing has quoted; those within `next` are lines whatever they begin with. */
const unquotedIn = (text: string): readonly string[] => {
  const found: string[] = []
  const visit = (node: ts.Node, next: boolean, sentence: boolean): void => {
    if (ts.isTaggedTemplateExpression(node)) return
    if (ts.isTemplateExpression(node)) {
      const values = node.templateSpans.map(({ expression }) => expression)
      if ((next || (!sentence && programs.test(node.head.text))) && !values.every(quotes)) found.push(node.getText())
    }
    ts.forEachChild(node, (child) => visit(child, next || isNext(node), isSentence(node) || (sentence && !isNext(node))))
  }
  visit(ts.createSourceFile('one.ts', text, ts.ScriptTarget.Latest, true), false, false)
  return found
}

test('every value in a line that is to be typed is quoted by sh or word', () => {
  const found = files.flatMap((file) => unquotedIn(readFileSync(join(source, file), 'utf8')).map((line) => `${file}: ${line}`))
  expect(files.length).toBeGreaterThan(150)
  expect(found).toEqual([])
})

/** Functions of the printed scripts, and the variables that each sets: sh has no local ones. */
const assignedIn = (text: string): readonly { readonly name: string; readonly sets: readonly string[] }[] =>
  [...text.matchAll(/\bsh`(\w+)\(\) \{(.*)\}`/g)].map(([, name = '', body = '']) => ({
    name,
    sets: [...new Set([...body.matchAll(/(?:^|[\s;(])(\w+)=(?![=~])/g)].map(([, variable = '']) => variable))],
  }))

test('a variable of a printed function is set by that function alone: one that calls another would find its own changed', () => {
  const found = files.flatMap((file) => assignedIn(readFileSync(join(source, file), 'utf8')))
  const all = found.flatMap(({ sets }) => sets)
  expect(found.map(({ name }) => name)).toEqual(expect.arrayContaining(['within', 'nopods', 'cf', 'answers', 'serves']))
  expect(all.filter((variable, i) => all.indexOf(variable) !== i)).toEqual([])
})

test('what it looks for is found', () => {
  expect(assignedIn('const a = sh`within() { left=$1; one=2 two=3; }`')).toEqual([{ name: 'within', sets: ['left', 'one', 'two'] }])
  expect(unquotedIn('const a = `ssh ${alias} uptime`')).toHaveLength(1)
  expect(unquotedIn('const a = { next: `look at ${name}` }')).toHaveLength(1)
  expect(unquotedIn('const a = { next: near ? `honeydue ${id}` : undefined }')).toHaveLength(1)
  expect(unquotedIn('const a = { next: `compare it, then ${sh`ssh ${alias}`}` }')).toEqual([])
  expect(unquotedIn('const a = sh`ssh ${alias} uptime`')).toEqual([])
  expect(unquotedIn('const a = { failed: `git cannot read ${folder}` }')).toEqual([])
})
