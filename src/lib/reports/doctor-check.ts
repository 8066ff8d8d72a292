/** One thing that the CLI needs of this machine; what is missing names the next command. */
export type Check = { readonly title: string } & (
  | { readonly ok: true; readonly found: string }
  | {
      readonly ok: false
      readonly because: string
      readonly next: string
      /** The machine there did not answer: nothing is missing here. */
      readonly unreached?: boolean
    }
)
