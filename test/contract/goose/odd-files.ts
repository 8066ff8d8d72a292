// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the variables of goose look so
/** The environment that goose and ours are given. */
export const oddEnvironment: Readonly<Record<string, string>> = { HD_NAME: 'tasks', HD_EMPTY: '', HD_LONG: 'abcdéfg', HD_SEMI: 'x;' }

const annotations = [
  '-- +goose Up',
  '-- +goose Down',
  '-- +goose StatementBegin',
  '-- +goose StatementEnd',
  '-- +goose NO TRANSACTION',
  '-- +goose ENVSUB ON',
  '-- +goose ENVSUB OFF',
]

const oddAnnotations = [
  '-- +goose up',
  '--+goose Up',
  '-- +goose Up --',
  '-- +goose  Up',
  '-- +gooseUp',
  '-- +goose UP -- and more',
  '-- +goose',
  '-- +goose Sideways',
  '-- +goose no transaction',
  '-- +goose NO  TRANSACTION',
  '-- +goose NO TRANSACTION --',
  '-- +goose ſtatementBegin',
  '-- +goose Up +goose Down',
  ' -- +goose Up',
  '\t-- +goose Down',
  '\u00a0-- +goose Up',
  '\u000b-- +goose StatementBegin',
  '\ufeff-- +goose Up',
  '-- +goose StatementEnd;',
  '--- +goose Up',
  '-- a word about +goose Up',
  '/* -- +goose Up */',
  '-- +goose StatementBegin \u0085',
  '-- +goose "Up"\u0001',
]

const code = [
  'SELECT 1;',
  'SELECT 1',
  'SELECT 1; -- done',
  'SELECT 1;--done',
  'SELECT 1 --; done',
  "INSERT INTO t VALUES (1, 'a--b');",
  "INSERT INTO t VALUES (1, 'a --b');",
  'DROP TABLE documents;',
  'SELECT 1; SELECT 2;',
  'SELECT 1; ;',
  ';',
  '  ;',
  'CREATE FUNCTION f() RETURNS int AS $$',
  'BEGIN',
  '  RETURN 1;',
  'END;',
  '$$ LANGUAGE plpgsql;',
  '/* a comment; */',
  '/* open',
  'close; */',
  'COPY t FROM stdin;',
  '1\tx',
  '\\.',
  'SELECT ;\u00a0',
  'SELECT 1;\u0085',
  'SELECT 1;\ufeff',
  'SELECT 1;\u200b',
  "SELECT 'ü€𝄞';",
  '"quoted;name"',
  '#!/bin/sh;',
]

const blank = ['', '', ' ', '\t', '\u00a0', '\ufeff', '\u0085', '--', '-- a comment', '  -- an indented comment;', '-- ends with;', '--;']

const variables = [
  'SELECT $HD_NAME;',
  'SELECT ${HD_NAME};',
  "SELECT '${HD_NONE:-default}';",
  "SELECT '${HD_EMPTY:-default}', '${HD_EMPTY-default}';",
  "SELECT '${HD_NONE-${HD_NAME:-x}}';",
  'SELECT ${HD_LONG:2}, ${HD_LONG:1:2}, ${HD_LONG:-2}, ${HD_LONG: -2}, ${HD_LONG:1:-1};',
  'SELECT ${HD_NAME:9:3}, ${HD_NAME:-9:3};',
  'SELECT ${HD_NAME:x};',
  'SELECT ${HD_NAME:1:};',
  'SELECT ${HD_NAME:99999999999999999999};',
  'SELECT ${HD_NONE?};',
  'SELECT ${HD_NONE?give $HD_NAME};',
  'SELECT ${HD_NAME?};',
  'SELECT ${HD_NAME',
  'SELECT ${HD_NAME+x};',
  'SELECT $1, $$x$$, \\$HD_NAME, \\\\$HD_NAME, $(HD_NAME);',
  'AS $$',
  '$body$;',
  'SELECT $',
  'SELECT 1 $HD_SEMI',
  'SELECT \ufffd${HD_NAME\ufffd};',
  'SELECT ${}, ${1};',
]

/** The same numbers for the same seed (mulberry32). */
const numbersFrom = (seed: number) => {
  let at = seed
  return (below: number): number => {
    at = (at + 0x6d2b79f5) | 0
    let mixed = Math.imul(at ^ (at >>> 15), 1 | at)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

/** One odd migration file: most begin well, and each strays in its own way. */
export const oddFile = (seed: number): string => {
  const below = numbersFrom(seed)
  const any = (from: readonly string[]): string => from[below(from.length)] ?? ''
  const breaks = [['\n'], ['\r\n'], ['\n', '\r\n', '\r', '\n\n']][below(8) < 6 ? 0 : 1 + below(2)] ?? ['\n']
  const lines: string[] = []
  if (below(8) > 0) lines.push(...[...Array(below(2))].map(() => any(blank)), '-- +goose Up')
  const envsub = below(3) === 0
  if (envsub) lines.push('-- +goose ENVSUB ON')
  const wander = 1 + below(9)
  for (let n = 0; n < wander; n++) {
    const kind = below(20)
    if (kind < 10) lines.push(any(code))
    else if (kind < 11) lines.push(any(annotations))
    else if (kind < 12) lines.push(any(below(2) === 0 ? oddAnnotations : code))
    else if (kind < 15) lines.push(any(blank))
    else if (kind < 17) lines.push(envsub ? any(variables) : any(code))
    else if (kind < 18)
      lines.push('-- +goose StatementBegin', ...[...Array(below(4))].map(() => any([...code, ...blank])), '-- +goose StatementEnd')
    else if (kind < 19) lines.push(`${any(code)}${any(['', ' ', '--', ' --', '\t--x;'])}`)
    else lines.push(any(['-- +goose Down', '-- +goose Down', any(annotations)]))
  }
  const text = lines.map((line) => line + any(breaks)).join('')
  return below(6) === 0 ? text.trimEnd() : text
}
