/** The insides of every element of that name that is not within another of the same name. */
export const elements = (xml: string, name: string): readonly string[] =>
  [...xml.matchAll(new RegExp(`<${name}(?:\\s[^>]*)?>([^]*?)</${name}>`, 'g'))].map(([, inside = '']) => inside)

/** The text of the first element of that name; undefined where there is none. */
export const textIn = (xml: string, name: string): string | undefined => {
  const [first] = elements(xml, name)
  return first === undefined ? undefined : decoded(first)
}

/** The name of the outermost element; undefined where it is no XML. */
export const rootOf = (xml: string): string | undefined => /^\s*(?:<\?xml[^>]*\?>\s*)?<([A-Za-z]+)[\s/>]/.exec(xml)?.[1]

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** Quotes of an ETag come as numbers from one server, and by name from another. */
const decoded = (text: string): string =>
  text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w+));/gi, (all, decimal: string | undefined, hex: string | undefined, name = '') => {
    const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal)
    return code <= 0x10ffff ? String.fromCodePoint(code) : (named[name.toLowerCase()] ?? all)
  })
