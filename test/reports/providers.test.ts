import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { paint } from '../../src/lib/cli/render.ts'
import { renderView } from '../../src/lib/cli/render-view.ts'
import { providers } from '../../src/lib/reports/providers.ts'
import { createAuthority } from '../../src/lib/sandbox/certificates.ts'
import { serveHttps } from '../../src/lib/sandbox/https-server.ts'
import { httpSystem } from '../../src/lib/systems/http/http.ts'
import { contextOf } from '../support/context.ts'

const dir = mkdtempSync(join(tmpdir(), 'honeydue-providers-'))
const host = 'pages.invalid'
let server: Awaited<ReturnType<typeof serveHttps>>
let silent: ServerResponse[] = []

const page = (indicator: string, description: string) => ({
  page: { updated_at: new Date(Date.now() - 180_000).toISOString() },
  status: { indicator, description },
})
const answers: Readonly<Record<string, unknown>> = {
  '/well': page('none', 'All Systems Operational'),
  '/minor': page('minor', 'Partially Degraded Service'),
  '/major': page('major', 'Major System Outage \u001b[31m'),
  '/other': { state: 'fine' },
  '/null': null,
}

beforeAll(async () => {
  const authority = createAuthority('pages')
  writeFileSync(join(dir, 'ca.crt'), authority.certificate)
  server = await serveHttps(
    authority.issue({ commonName: host, names: [host] }),
    () => 'none',
    ({ url = '' }, _, response) => {
      if (url === '/silent') return void silent.push(response)
      if (url in answers) return void response.writeHead(200).end(JSON.stringify(answers[url]))
      response.writeHead(503).end('<html>')
    },
  )
})
afterAll(async () => {
  for (const one of silent) one.destroy()
  silent = []
  await server.stop()
  rmSync(dir, { recursive: true, force: true })
})

const look = (...paths: readonly string[]) => {
  const { environment } = contextOf()
  const { read } = httpSystem({ hostaddr: { [host]: `127.0.0.1:${server.port}` }, caFile: join(dir, 'ca.crt') })
  const status_pages = Object.fromEntries(paths.map((path) => [path, `https://${host}/${path}`]))
  return providers.look({}, { http: read }, contextOf({ ...environment, status_pages }))
}

test('what is severe first, then what is minor or not known; each with how old it is', async () => {
  const view = await look('well', 'minor', 'other', 'null', 'away', 'silent', 'major')
  expect(view.unreachable).toBe(false)
  expect(view.findings.map(({ level, text }) => `${level}: ${text}`)).toEqual([
    expect.stringMatching(/^wrong: major says of itself: Major System Outage/),
    'warning: minor says of itself: Partially Degraded Service (minor)',
    'warning: other is not known: it answers in no form that is known',
    'warning: null is not known: it answers in no form that is known',
    'warning: away is not known: its status page does not answer',
    'warning: silent is not known: its status page does not answer',
  ])
  expect(view.tables[0]?.rows.slice(0, 3)).toEqual([
    ['well', 'well', 'All Systems Operational', '3 min ago'],
    ['minor', 'MINOR', 'Partially Degraded Service', '3 min ago'],
    ['other', 'NOT KNOWN', expect.stringMatching(/^it answers in no form/), ''],
  ])
  expect(view.data).toContainEqual({
    name: 'well',
    url: `https://${host}/well`,
    state: 'well',
    says: 'All Systems Operational',
    asOf: expect.stringMatching(/Z$/),
    because: null,
  })
  // A line to type is as long as it is, and the last one too.
  const lines = renderView(view, paint(false))
    .split('\n')
    .filter((line) => !/curl|^\d+ wrong/.test(line))
  expect(lines.filter((line) => line.length > 80)).toEqual([])
})

test('where all are well nothing is found; where none answers nothing is known; and where none is configured that is said', async () => {
  const well = await look('well')
  expect([well.findings, well.unreachable]).toEqual([[], false])
  expect((await look('away')).unreachable).toBe(true)
  const none = await look()
  expect(none.findings).toEqual([
    { level: 'warning', text: 'No status page is in the configuration: nobody was asked', next: 'honeydue config:explain' },
  ])
  expect(none.unreachable).toBe(false)
})
