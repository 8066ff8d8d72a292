/** "1 pod", "3 pods", "2 entries" (`many` where an s does not do). */
export const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`

/** The first `most` of them by name, the others counted: "api, web and 3 more". */
export const few = (names: readonly (string | bigint)[], most: number): string =>
  names.length > most ? `${names.slice(0, most).join(', ')} and ${names.length - most} more` : names.join(', ')
