import { parse } from 'smol-toml'

/** What a TOML text says, in objects as everybody has them; dates as they are written. Undefined where it is none. */
export const parseToml = (text: string): unknown => {
  try {
    return JSON.parse(JSON.stringify(parse(text)))
  } catch {
    return undefined
  }
}
