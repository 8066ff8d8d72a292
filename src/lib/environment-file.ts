/** One setting of such a file. */
export interface Setting {
  readonly value: string
  /** Counted from 1. */
  readonly line: number
  /** `KEY=VALUE` as it stands there, to the end of its line. */
  readonly said: string
}

/** `KEY=VALUE` of a file as a shell or docker reads it: without comments, `export`, and the quotes around a value. The last of a name counts. */
export const environmentOf = (text: string): ReadonlyMap<string, Setting> =>
  new Map(
    text.split(/\r?\n/).flatMap((line, i) => {
      const [, key, said = ''] = /^\s*(?:export\s+)?([A-Za-z_]\w*)=(.*)$/.exec(line) ?? []
      const value = /^(["'])(.*)\1\s*$/.exec(said)?.[2] ?? said.trim()
      return key === undefined ? [] : [[key, { value, line: i + 1, said: `${key}=${said}` }] as const]
    }),
  )

/** `KEY=VALUE` as both read it to be this value; undefined where no such line is. Docker takes quotes for a part of the value: they stand only where they must, or stood before. */
export const settingLine = (key: string, value: string, before = ''): string | undefined => {
  const quote = /^[^=]+=(["'])/.exec(before)?.[1] ?? (/^[\w@%+=:,./-]*$/.test(value) ? '' : "'")
  const breaks = quote === "'" ? /'/ : /["'$`\\]/
  return /[\r\n]/.test(value) || (quote !== '' && breaks.test(value)) ? undefined : `${key}=${quote}${value}${quote}`
}
