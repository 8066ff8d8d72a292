/**
 * A value that exists only once an earlier step of the plan is done, such as a certificate that another has yet to sign. It is bound to a reader
 * when the facts are gathered; the writer that takes it reads it when it is called. A dry run never does.
 */
export interface Later<T> {
  readonly read: () => Promise<T>
}

/** The same of what stands in a file too, from where shell lines read it. */
export type InFile<T> = Later<T> & { readonly file: string }

export const later = <T>(read: () => Promise<T>): Later<T> => ({ read })
