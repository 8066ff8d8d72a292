/** The release of PgBouncer that the pooler behaves as: before 1.21 names of prepared statements reach the server as they are. */
export type Release = '1.18' | '1.24'

const always = ['application_name', 'client_encoding', 'DateStyle', 'TimeZone', 'standard_conforming_strings']

/** The settings that it carries from a client to the server connection that it lends, by their names in lower case. */
export const trackedBy = (release: Release): ReadonlyMap<string, string> =>
  new Map([...always, ...(release === '1.18' ? [] : ['IntervalStyle'])].map((name) => [name.toLowerCase(), name]))

const ignored = new Set(['user', 'database', 'extra_float_digits'])

/** What a startup message asks for, by the settings' own names. Throws the pooler's words for what it refuses. */
export const wishesOf = (parameters: ReadonlyMap<string, string>, release: Release): ReadonlyMap<string, string> => {
  const tracked = trackedBy(release)
  const wishes = new Map<string, string>()
  const wish = (name: string, value: string, where: string): void => {
    const known = tracked.get(name.toLowerCase())
    if (known !== undefined) wishes.set(known, value)
    else if (!ignored.has(name)) throw new Error(`unsupported startup parameter${where}: ${name}`)
  }
  for (const [name, value] of parameters) {
    if (name !== 'options' || release === '1.18') wish(name, value, '')
    else for (const [setting, is] of settingsIn(value)) wish(setting, is, ' in options')
  }
  return wishes
}

/** "-c name=value" and "--name=value". */
const settingsIn = (options: string): readonly (readonly [string, string])[] =>
  (options.match(/-c\s*(\\.|\S)+|(\\.|\S)+/g) ?? []).map((word) => {
    const [, name, value] = /^(?:-c\s*|--)([^=]+)=(.*)$/s.exec(word) ?? []
    if (name !== undefined && value !== undefined) return [name, value.replace(/\\(.)/gs, '$1')]
    throw new Error("unsupported options startup parameter: only '-c config=val' and '--config=val' are allowed")
  })
