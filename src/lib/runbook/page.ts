import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import { parse } from 'yaml'

/** A command line that the page's generated parts are made from, and the state of the sandbox that it meets. */
export interface Example {
  /** Flags, with `$NAME` where the operator puts a value: `--user $USER_ID`. */
  readonly flags?: string
  /** A state of `test/support/worlds.ts`; without one, the deployment is healthy. It may give names their values. */
  readonly world?: string
  /** Values of names that the world does not give. */
  readonly with?: Readonly<Record<string, string>>
}

interface FrontMatter {
  readonly command: string
  /** Of chapter 17. */
  readonly section?: number
  /** What somebody types who has the trouble and not the name. */
  readonly symptoms: readonly string[]
  /** None on a report's page. */
  readonly examples?: readonly Example[]
  /** What a name of the examples stands for, where no flag says it. */
  readonly names?: Readonly<Record<string, string>>
}

/** One page of the runbook: its front matter, its title and its Markdown below the front matter. */
export interface Page extends FrontMatter {
  readonly title: string
  readonly text: string
}

/** `cache:invalidate` → `cache-invalidate.md`. */
export const pageFile = (command: string): string => `${command.replaceAll(':', '-')}.md`

/** Reads one page; throws where it has no front matter. */
export const parsePage = (source: string): Page => {
  const [, head, text] = /^---\n([\s\S]*?)\n---\n+([\s\S]*)$/.exec(source) ?? []
  if (head === undefined || text === undefined) throw new Error('the page does not begin with front matter')
  return { ...(parse(head) as FrontMatter), title: /^# (.*)$/m.exec(text)?.[1] ?? '', text }
}

/** The text under one `## heading`, without it; '' where the page has none. */
export const partOf = ({ text }: Page, heading: string): string => {
  const parts = text.split(/^## /m)
  return (parts.find((part) => part.startsWith(`${heading}\n`)) ?? '').slice(heading.length).trim()
}

/** The file that an installed program has in place of the pages: their sources, a JSON list, packed. `scripts/package.js` writes it. */
const packedPages = 'pages.json.br'

const sourcesOf = async (folder: string): Promise<readonly string[]> => {
  const files = await readdir(folder)
  if (files.includes(packedPages)) return JSON.parse(brotliDecompressSync(await readFile(join(folder, packedPages))).toString()) as string[]
  return Promise.all(files.filter((file) => file.endsWith('.md')).map((file) => readFile(join(folder, file), 'utf8')))
}

/** Every page of a folder: those of a section first, in its order, then by command. */
export const readPages = async (folder: string): Promise<readonly Page[]> =>
  (await sourcesOf(folder)).map(parsePage).sort((a, b) => (a.section ?? 99) - (b.section ?? 99) || a.command.localeCompare(b.command))
