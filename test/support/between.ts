/** The source with `text` between its marks `<!-- mark -->` and `<!-- /mark -->`. */
export const between = (source: string, mark: string, text: string): string => {
  const [open, close] = [`<!-- ${mark} -->`, `<!-- /${mark} -->`]
  const [before, rest] = source.split(open)
  const after = rest?.split(close)[1]
  if (before === undefined || after === undefined) throw new Error(`there is no ${open} … ${close}`)
  return `${before}${open}\n\n${text}\n\n${close}${after}`
}
