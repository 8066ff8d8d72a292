import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'

// Draws docs/night.svg: a night on a sandbox as it stands on a terminal of 80 columns, in colour. Every line is what the program printed when this ran.
// npm run picture; needs script(1) of util-linux or BSD for the terminal.
const root = fileURLToPath(new URL('..', import.meta.url))
const home = await mkdtemp(join(tmpdir(), 'honeydue-picture-'))
const env = { PATH: process.env.PATH, HOME: home, TERM: 'xterm-256color', FORCE_COLOR: '1', PAGER: 'cat', LANG: 'C.UTF-8' }
const typed = ['drill:start pooler-away --seed 7', 'diagnose --env sandbox', 'db:switch-host --to direct --dry-run --env sandbox']

/** What one command prints on a terminal of its own. */
const onTerminal = async (words) => {
  const line = `stty cols 80 rows 60; exec "${process.execPath}" "${join(root, 'bin/run.js')}" ${words}`
  const args = process.platform === 'linux' ? ['-qec', line, '/dev/null'] : ['-q', '/dev/null', 'sh', '-c', line]
  const child = spawn('script', args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    said += text
  })
  await once(child, 'close')
  return said
}

/** The lines as they stand in the end: what was drawn over is gone. */
const settled = (text) =>
  text
    .replaceAll('\r\n', '\n')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal's own.
    .replaceAll(/\x1b\[(?:\d*[A-HJKSTf]|\d+;\d+H|\?\d+[hl])|\x1b\][^\x07]*\x07/g, (code) => (/\x1b\[\d*[JK]/.test(code) ? '\r' : ''))
    .split('\n')
    .map((line) => line.slice(line.trimEnd().lastIndexOf('\r') + 1).trimEnd())
    .join('\n')
    .trim()
    .split('\n')

const colours = {
  30: '#6e7681',
  31: '#ff7b72',
  32: '#7ee787',
  33: '#e3b341',
  34: '#79c0ff',
  35: '#d2a8ff',
  36: '#76e3ea',
  37: '#e6edf3',
  90: '#8b949e',
}
const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** One line as text elements, a stretch of one look each. */
const drawn = (line, y) => {
  let [fill, bold, dim, column] = [colours[37], false, false, 0]
  const parts = []
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal's own.
  for (const [, codes, text] of line.matchAll(/(?:\x1b\[([\d;]*)m)|([^\x1b]+)/g)) {
    for (const code of codes?.split(';').map(Number) ?? []) {
      if (code === 0) [fill, bold, dim] = [colours[37], false, false]
      else if (code === 1) bold = true
      else if (code === 2) dim = true
      else if (code === 22) [bold, dim] = [false, false]
      else if (code === 39) fill = colours[37]
      else fill = colours[code] ?? fill
    }
    if (text === undefined) continue
    const look = `fill="${dim ? colours[90] : fill}"${bold ? ' font-weight="bold"' : ''}`
    if (text.trim()) parts.push(`<text x="${16 + column * 8.4}" y="${y}" ${look} xml:space="preserve">${escaped(text)}</text>`)
    column += [...stripVTControlCharacters(text)].length
  }
  return parts.join('')
}

try {
  const lines = []
  // As the terminal itself breaks what is longer than it is wide.
  const broken = (line) => (stripVTControlCharacters(line).length <= 80 || line.includes('\x1b') ? [line] : (line.match(/.{1,80}/gu) ?? []))
  for (const words of typed)
    lines.push(
      `\x1b[1m$ honeydue ${words}\x1b[0m`,
      ...settled(await onTerminal(words)).flatMap((line) => broken(line.replaceAll(home, '~'))),
      '',
    )
  const height = 24 + lines.length * 18
  const body = lines.map((line, at) => drawn(line, 28 + at * 18)).filter(Boolean)
  await writeFile(
    join(root, 'docs/night.svg'),
    `<svg xmlns="http://www.w3.org/2000/svg" width="704" height="${height}" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="14">
<title>A night with honeydue: what is heard, the cause, and the plan that repairs it</title>
<rect width="704" height="${height}" rx="8" fill="#0d1117"/>
${body.join('\n')}
</svg>
`,
  )
  process.stdout.write(`${lines.map((line) => stripVTControlCharacters(line)).join('\n')}\n`)
} finally {
  await onTerminal('sandbox:down')
  await rm(home, { recursive: true, force: true })
}
