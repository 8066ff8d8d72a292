/** As many of a list at a time as fit together; none is empty. */
export const chunksOf = <T>(all: readonly T[], size: number): readonly (readonly [T, ...T[]])[] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size) as [T, ...T[]])
