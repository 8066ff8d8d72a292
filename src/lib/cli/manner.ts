/** Flags of how a command speaks, which every command has, and which may stand before its name. */
export const mannerFlags = ['json', 'no-color', 'no-input', 'plain'] as const

/** Whether this flag was typed: before `--`, behind which stand others' words. */
const isTyped = (flag: (typeof mannerFlags)[number], words: readonly string[]): boolean => {
  const end = words.indexOf('--')
  return (end < 0 ? words : words.slice(0, end)).includes(`--${flag}`)
}

/** `--plain`: one record a line, its fields parted by tabs. Asked of the process, as the colour is: no command draws in two manners. */
export const isPlain = (words: readonly string[] = process.argv): boolean => isTyped('plain', words)

/** `--no-color` and `--plain` are NO_COLOR, for every library that colours; to be called before one is loaded. */
export const settleColour = (env: NodeJS.ProcessEnv, words: readonly string[]): void => {
  if (!isTyped('no-color', words) && !isTyped('plain', words)) return
  env['NO_COLOR'] = '1'
  delete env['FORCE_COLOR']
}

/** One record: what would break it into two, or shift its fields, is shown instead. */
export const record = (fields: readonly string[], shown: (field: string) => string): string => fields.map(shown).join('\t')
