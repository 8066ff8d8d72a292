/** A file by which goose knows a migration. */
export interface Source {
  readonly name: string
  /** int64: a timestamp to the millisecond is beyond what a number keeps exactly. */
  readonly version: bigint
}

/** What goose finds in its folder, or why it refuses all of it before it looks at the database. */
export type Folder =
  | { readonly usable: true; readonly sources: readonly Source[] }
  /** `panics`: it ends with Go's own words, and with 2. */
  | { readonly usable: false; readonly because: string; readonly panics: boolean; readonly sources: readonly Source[] }

/** As the Job names it with -dir: goose puts it before the files that it names. */
export const folderName = 'migrations'

const largest = 2n ** 63n - 1n

/** Reads names as goose 3.22.1 does (migrate.go): every .sql needs a number, a .go without one is left alone, and two of one number are a panic. */
export const readFolder = (names: readonly string[]): Folder => {
  const sources: Source[] = []
  let refusal: string | undefined
  for (const name of [...names].sort()) {
    if (!/\.(sql|go)$/.test(name) || name.includes('/')) continue
    const found = numbered(name)
    if ('version' in found) {
      if (!name.endsWith('_test.go')) sources.push({ name, version: found.version })
    } else if (name.endsWith('.sql')) refusal ??= `could not parse SQL migration file "${folderName}/${name}": ${found.because}`
  }
  sources.sort((a, b) => (a.version < b.version ? -1 : a.version > b.version ? 1 : 0))
  if (refusal !== undefined) return { usable: false, because: refusal, panics: false, sources }
  if (sources.length === 0) return { usable: false, because: 'no migration files found', panics: false, sources }
  const twice = sources.findIndex(({ version }, i) => version === sources[i - 1]?.version)
  const [first, second] = [sources[twice - 1], sources[twice]]
  if (first && second)
    return {
      usable: false,
      because: `goose: duplicate version ${second.version} detected:\n${folderName}/${second.name}\n${folderName}/${first.name}`,
      panics: true,
      sources,
    }
  return { usable: true, sources }
}

/** NumericComponent: what stands before the first underscore, in decimal, with a sign or without. */
const numbered = (name: string): { readonly version: bigint } | { readonly because: string } => {
  const end = name.indexOf('_')
  if (end < 0) return { because: "no filename separator '_' found" }
  const digits = name.slice(0, end)
  const wrong = (why: string) => ({
    because: `failed to parse version from migration file: ${name}: strconv.ParseInt: parsing "${digits}": ${why}`,
  })
  if (!/^[+-]?\d+$/.test(digits)) return wrong('invalid syntax')
  const version = BigInt(digits.replace('+', ''))
  if (version > largest || version < -largest - 1n) return wrong('value out of range')
  return version < 1n ? { because: 'migration version must be greater than zero' } : { version }
}

/** What goose says of a .go file when it is its turn: the image's goose has no function for it. */
export const unregistered = (name: string): string =>
  `ERROR ${folderName}/${name}: failed to run Go migration: Go functions must be registered and built into a custom binary (see https://github.com/pressly/goose/tree/master/examples/go-migrations)`
