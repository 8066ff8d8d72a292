/** Quoted text as it is; comments and runs of blanks as one blank; no semicolon at the end. */
export const squeezed = (sql: string): string =>
  sql
    .replace(tokens, (token) => (/^(--|\/\*|\s)/.test(token) ? ' ' : token))
    .replace(/(\s|;)+$/, '')
    .replace(/\s+/g, ' ')
    .trim()

/** Strings, names, dollar quotes and comments, also such as the end of the text cuts off. Block comments nest; two levels are known here. */
const tokens =
  /'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|\$(\w*)\$[\s\S]*?(?:\$\1\$|$)|--[^\n]*|\/\*(?:[^*/]|\*(?!\/)|\/(?!\*)|\/\*(?:[^*]|\*(?!\/))*\*\/)*(?:\*\/|$)|\s+/g
