interface Reference {
  readonly table: string
  readonly columns: readonly string[]
  readonly to: string
  readonly toColumns: readonly string[]
  readonly name: string
  readonly removes: boolean
}

/** What a statement's text does not tell of the database that it meets. Names as in `Effect`. */
export interface Surroundings {
  /** Foreign keys: `table` refers to `to`. `removes`: its rows go with those that they refer to. */
  readonly references: readonly Reference[]
  /** Partitions and tables that inherit. `rest`: the partition that takes what no other does. */
  readonly children: readonly { readonly table: string; readonly of: string; readonly rest: boolean }[]
  /** Indexes by name, and their tables. */
  readonly indexes: readonly { readonly index: string; readonly table: string }[]
  /** `type`: as format_type prints it. */
  readonly columns: readonly { readonly table: string; readonly column: string; readonly type: string }[]
  /** Domains with a CHECK or NOT NULL. */
  readonly domains: readonly string[]
  /** Views and what they read, directly. */
  readonly views: readonly { readonly view: string; readonly of: string }[]
  /** Tables with triggers of somebody's. */
  readonly triggers: readonly string[]
  /** Functions of the asked names. `own`: not PostgreSQL's. `volatile`: gives something else each time, or does something. */
  readonly functions: readonly { readonly name: string; readonly own: boolean; readonly volatile: boolean }[]
}

/** Of a database that nobody has looked at. */
export const noSurroundings: Surroundings = {
  references: [],
  children: [],
  indexes: [],
  columns: [],
  domains: [],
  views: [],
  triggers: [],
  functions: [],
}

/** A table with all that descends from it. */
export const withChildren = (table: string, { children }: Surroundings): readonly string[] =>
  reached([table], (one) => children.filter(({ of }) => of === one).map((child) => child.table))

/** Tables with all that refers to them, and so on. */
export const withReferring = (tables: readonly string[], around: Surroundings): readonly string[] =>
  reached(tables, (one) => [
    ...around.references.filter(({ to }) => to === one).map(({ table }) => table),
    ...around.children.filter(({ of }) => of === one).map(({ table }) => table),
  ])

/** Tables whose rows go when rows of this one do. */
export const withRemoved = (table: string, around: Surroundings): readonly string[] =>
  reached([table], (one) => around.references.filter(({ to, removes }) => to === one && removes).map((reference) => reference.table))

export const viewsOf = (tables: readonly string[], { views }: Surroundings): readonly string[] =>
  reached(tables, (one) => views.filter(({ of }) => of === one).map(({ view }) => view)).filter((name) => !tables.includes(name))

/** Tables and views with all that the views read. */
export const underViews = (names: readonly string[], { views }: Surroundings): readonly string[] =>
  reached(names, (one) => views.filter(({ view }) => view === one).map(({ of }) => of))

const reached = (from: readonly string[], next: (one: string) => readonly string[]): readonly string[] => {
  const found = new Set(from)
  for (const one of found) for (const further of next(one)) found.add(further)
  return [...found]
}
