import type { Later } from '../../later.ts'
import type { Secret } from '../../secret.ts'
import type { Shown, System } from '../systems.ts'

/** One value of a YAML file, by its place. */
export interface Scalar {
  /** Dotted, as it stands in the file: `database.host`. */
  readonly key: string
  /** Counted from 1. */
  readonly line: number
}

/** A file's name in its folder, and its text. */
export interface TextFile {
  readonly name: string
  /** Where a link leads; '' of a folder. */
  readonly text: string
  /** What it is where it is no plain file. No link is followed. */
  readonly odd?: 'link' | 'folder'
}

/** One commit's change of one file. `at`: ISO, when it was committed. `before`, `after`: git's ids of the texts; absent where there was no file. */
export interface FileChange {
  readonly name: string
  readonly before?: string | undefined
  readonly after?: string | undefined
  readonly commit: string
  readonly at: string
}

/** What an image was built from. `at`: ISO, when it was committed. */
export interface Commit {
  readonly short: string
  readonly subject: string
  readonly at: string
}

/** Where one value stands: a whole file, a scalar of a YAML file by its dotted key, or a `KEY=value` of an environment file. */
export interface ValueSource {
  readonly file: string
  readonly in: 'file' | 'yaml' | 'env'
  /** Of a whole file there is none. */
  readonly key?: string
}

/** A private key that nobody else has, and a request for a certificate of it. */
export interface KeyRequest {
  readonly key: Secret
  /** PEM. */
  readonly csr: string
  /** The digest by which certificates of this key are found again. */
  readonly publicKey: string
}

/** The API repository on this machine: files that the next deploy reads. Paths are relative to it. Failures throw Unreachable (`checkout-…`). */
export interface CheckoutReader {
  readonly folder: string
  /** The text of a file; undefined where there is none. */
  text(file: string): Promise<string | undefined>
  /** The same for a file whose text nobody may see. */
  secret(file: string): Promise<Secret | undefined>
  /** A value in a file anywhere on this machine, by a path as somebody typed it; undefined where there is none. */
  given(path: string): Promise<Secret | undefined>
  /** On which line of its file a source stands, from 1; undefined for a whole file. */
  valueLine(source: ValueSource): Promise<number | undefined>
  /** One value that nobody may see, without the line break at the end of a file; undefined where the file or the key is not there. */
  value(source: ValueSource): Promise<Secret | undefined>
  /** A file's permissions, 0o600 for its owner's alone; undefined where there is none. */
  mode(file: string): Promise<number | undefined>
  /** When a file was last written; undefined where there is none. */
  writtenAt(file: string): Promise<Date | undefined>
  /** Why a file could not be replaced or made, as a fact: rights, a read-only or full file system; undefined where it could. */
  unwritable(file: string): Promise<string | undefined>
  /** Makes a key in memory; nothing is written. */
  newKey(commonName: string): Promise<KeyRequest>
  /** Every scalar of a YAML file that equals `value`; undefined where there is no such file. */
  scalars(file: string, value: string): Promise<readonly Scalar[] | undefined>
  /** A YAML file's first document; undefined where there is no such file, or it does not parse. */
  yaml(file: string): Promise<unknown>
  /** The same as git has it at a commit or tag; undefined also where git knows none such. Throws `checkout-no-git`. */
  yamlAt(revision: string, file: string): Promise<unknown>
  /** The files that lie in a folder, by name; [] where there is no such folder. */
  files(under: string): Promise<readonly TextFile[]>
  /** The same as git has it at a commit or tag; undefined where git knows none such. Throws `checkout-no-git`, as `history` does. */
  filesAt(revision: string, under: string): Promise<readonly TextFile[] | undefined>
  /** What commits up to a revision did to a folder's files, the latest first; [] where git knows no such revision. */
  history(revision: string, under: string): Promise<readonly FileChange[]>
  /** The commit that a revision names; undefined where git knows none such. */
  commit(revision: string): Promise<Commit | undefined>
  /** Texts by the names that git gives them in a history; in the order of the names. */
  texts(objects: readonly string[]): Promise<readonly string[]>
}

/** The files of a value that is rotated; `base`: by which they are named. */
export interface ValueWriter {
  /** Writes the live value beside its source. `live`: where an operator has it, for the shell line; `password`: it is that of a docker config; `configMap`: it stands in one; `command`: prints it, or without one CLOUDFLARE_API_TOKEN has it. */
  keepOldValue(kept: {
    readonly base: string
    readonly value: Secret
    readonly live:
      | {
          readonly namespace: string
          readonly name: string
          readonly key: string
          readonly password?: true
          readonly configMap?: true
        }
      | { readonly command: readonly string[] | undefined }
  }): Promise<void>
  /** Writes the new value beside its source, on the disk when it returns. Throws Moved (`rotation-begun`) where another one is there. `from`: the file that it came in; `typed`: somebody typed it; `lines`: it has several; `half`: what stands behind the first colon of what was given; `text`: it is no secret, and this. */
  keepNewValue(kept: {
    readonly base: string
    readonly value: Secret
    readonly from?: string
    readonly typed?: true
    readonly lines?: true
    readonly text?: string
    readonly half?: true
  }): Promise<void>
  /** Puts a value into its source, in one piece. `line`: where that is, for the shell line. */
  placeValue(place: {
    readonly base: string
    readonly source: ValueSource
    readonly value: Secret
    readonly line?: number
    readonly lines?: true
  }): Promise<void>
  dropOldValue(kept: { readonly base: string }): Promise<void>
  dropNewValue(kept: { readonly base: string }): Promise<void>
}

export interface ValueProver {
  /** The old value stands beside its source. */
  keptOld(value: { readonly base: string }): Shown
  /** The old and the new value stand beside their source. */
  kept(value: { readonly base: string }): Shown
  /** The source has the new one. */
  placed(value: { readonly base: string; readonly source: ValueSource; readonly lines?: true }): Shown
  /** Neither stands there any more. */
  dropped(value: { readonly base: string }): Shown
}

export interface CheckoutWriter extends ValueWriter {
  /** Changes the one scalar at `key` that still is `from`, and not a byte beside it. Throws Moved where it is another. */
  setScalar(change: {
    readonly file: string
    readonly key: string
    readonly line: number
    readonly from: string
    readonly to: string
  }): Promise<void>
  /** Changes the one word `from` of this line, and not a byte beside it. Throws Moved where the line has it not, or several times. */
  setWord(change: { readonly file: string; readonly line: number; readonly from: string; readonly to: string }): Promise<void>
  /** Adds `KEY=VALUE` as the last line of a file of such lines. Throws Moved where a line of it sets the key already. */
  addSetting(change: { readonly file: string; readonly key: string; readonly line: string }): Promise<void>
  /** Takes that line away again. Throws Moved where it is not there. */
  removeSetting(change: { readonly file: string; readonly key: string; readonly line: string }): Promise<void>
  /** Writes a new key and its request beside the pair of `base` (`….crt`, `….key`); both are on the disk when it returns. */
  keepNewKey(pair: KeyRequest & { readonly base: string; readonly commonName: string }): Promise<void>
  /** Puts a certificate and its kept key in the place of the pair, which stays beside it as `….old.*`. Throws Failed (`certificate-key`) where they do not fit. */
  placePair(pair: { readonly base: string; readonly certificate: Later<string> }): Promise<void>
  /** Puts the pair that was kept back into its place. */
  restorePair(pair: { readonly base: string }): Promise<void>
  /** Takes away the new key and its request. */
  dropNewKey(pair: { readonly base: string }): Promise<void>
}

export interface CheckoutProver extends ValueProver {
  /** A line of a file has this value. */
  named(place: { readonly file: string; readonly line: number; readonly value: string }): Shown
  /** A file has this line. */
  line(place: { readonly file: string; readonly line: string }): Shown
  /** A new key and its request stand beside the pair. */
  newKey(pair: { readonly base: string }): Shown
  /** What was signed is for the new key. */
  signed(pair: { readonly base: string }): Shown
  /** The pair fits, and no rotation is under way any more. */
  pair(pair: { readonly base: string }): Shown
}

declare module '../systems.ts' {
  interface Systems {
    readonly checkout: System<CheckoutReader, CheckoutWriter, CheckoutProver>
  }
}
