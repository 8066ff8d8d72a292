/** goose's commands that change a database. */
const commands = ['up', 'up-by-one', 'up-to', 'down', 'down-to', 'redo', 'reset', 'fix', 'create']

/** What goose is told to do by the words that a container is started with; undefined where goose does not stand in them. */
export const gooseCommand = (words: string): string | undefined => {
  // The connection's own words may stand between; of several runs the one that is no "up" counts.
  const [, ...runs] = words.split(/(?:^|[\s/;&|("'])goose\s/)
  const told = runs.flatMap((run) => run.split(/[\s"';&|()]+/).find((word) => commands.includes(word)) ?? [])
  return told.find((command) => command !== 'up') ?? told[0]
}

/** Where two manifests differ, three places at most: "spec.backoffLimit: 3, not 0". */
export const manifestDifferences = (here: unknown, there: unknown, path = ''): readonly string[] => {
  if (isObject(here) && isObject(there)) {
    const keys = [...new Set([...Object.keys(here), ...Object.keys(there)])].sort()
    return keys.flatMap((key) => manifestDifferences(here[key], there[key], path === '' ? key : `${path}.${key}`)).slice(0, 3)
  }
  return JSON.stringify(here) === JSON.stringify(there) ? [] : [`${path || 'all of it'}: ${shown(here)}, not ${shown(there)}`]
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null
const shown = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value).replace(/\s+/g, ' ').slice(0, 300))
