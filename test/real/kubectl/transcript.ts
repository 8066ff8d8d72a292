import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'

export interface Exchange {
  /** What is typed, as a line of sh. */
  readonly line: string
  readonly output: string
}

/** A transcript: `$ line` with the output below, exchanges apart by a blank line. */
export function readTranscript(file: URL): readonly Exchange[] {
  return readFileSync(file, 'utf8')
    .split(/^\$ /m)
    .slice(1)
    .map((block) => {
      const [line = '', ...output] = block.trimEnd().split('\n')
      return {
        line,
        output: output.join('\n').trimEnd(),
      }
    })
}

export function writeTranscript(file: URL, exchanges: readonly Exchange[]): void {
  writeFileSync(file, `${exchanges.map(({ line, output }) => `$ ${line}\n${output}`.trimEnd()).join('\n\n')}\n`)
}

/** What a line prints on both streams, and its exit code when that is not 0, with what changes from run to run as placeholders. */
export function type(line: string, at: { readonly kubeconfig: string; readonly folder: string; readonly path: string }): Promise<string> {
  const env = { PATH: at.path, HOME: at.folder, KUBECONFIG: at.kubeconfig, TZ: 'UTC', LC_ALL: 'C.UTF-8' }
  return new Promise((resolve) => {
    execFile('/bin/sh', ['-c', `{ ${line}\n} 2>&1`], { cwd: at.folder, env, timeout: 60_000 }, (error, output) => {
      const code = error ? (typeof error.code === 'number' ? error.code : error.signal) : 0
      resolve(normalized(output, at.folder) + (code === 0 ? '' : `\n[exit ${code}]`).replace(/^\n(?=.)/, output === '' ? '' : '\n'))
    })
  })
}

const placeholders: readonly (readonly [RegExp, string])[] = [
  [/^Waiting for deployment .*\n/gm, ''],
  [/^WARNING: version difference between client .*\n?/gm, ''],
  [/^(Client|Kustomize) Version: .*/gm, '$1 Version: <version>'],
  [/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<uid>'],
  [/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( \+0000|Z)/g, '<time>'],
  [/[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000/g, '<time>'],
  [/\b([a-z]+)-[bcdfghjklmnpqrstvwxz2456789]{8,10}-[bcdfghjklmnpqrstvwxz2456789]{5}\b/g, '$1-<hash>-<suffix>'],
  [/(pod-template-hash=|\b(?:web|api|once)-)(?=[a-z0-9]*[0-9])[bcdfghjklmnpqrstvwxz2456789]{8,10}\b/g, '$1<hash>'],
  [/\b(web|once|loop)-[bcdfghjklmnpqrstvwxz2456789]{5}\b/g, '$1-<suffix>'],
  [/\b([a-z]+)\.[0-9a-f]{16}\b/g, '$1.<instant>'],
  [/10\.4[23]\.\d+\.\d+/g, '<ip>'],
  [/(containerd:\/\/|X509SHA256=)[0-9a-f]{64}/g, '$1<digest>'],
  [/\b(\d+(ms|s|m|h|d)){1,2}\b/g, '<age>'],
  [/(resourceVersion: )"\d+"/g, '$1"<version>"'],
  [/(resourceVersion\\*": ?\\*")\d+/g, '$1<version>'],
  [/127\.0\.0\.1:\d+/g, '127.0.0.1:<port>'],
  [/\/tmp\/(LIVE|MERGED)-\d+/g, '/tmp/$1'],
  [/(?<=\S) {2,}/g, '  '],
  [/ +$/gm, ''],
]

const normalized = (text: string, folder: string): string =>
  placeholders
    .reduce(
      (result, [pattern, replacement]) => result.replace(pattern, replacement),
      text.replaceAll(folder, '<folder>').replaceAll('\r', ''),
    )
    .trimEnd()
