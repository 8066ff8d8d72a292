/** The names that a value's files have by its base while it is rotated: the one before it, and the new one. */
export const valueFiles = (base: string) => ({ new: `${base}.new`, old: `${base}.old` })
