/** `KEY=VALUE` of a file as a shell or docker reads it: without comments, `export`, and the quotes around a value. The last of a name counts. */
export const environmentOf = (text: string): ReadonlyMap<string, { readonly value: string; readonly line: number }> =>
  new Map(
    text.split(/\r?\n/).flatMap((line, i) => {
      const [, key, said = ''] = /^\s*(?:export\s+)?([A-Za-z_]\w*)=(.*)$/.exec(line) ?? []
      const value = /^(["'])(.*)\1\s*$/.exec(said)?.[2] ?? said.trim()
      return key === undefined ? [] : [[key, { value, line: i + 1 }] as const]
    }),
  )
