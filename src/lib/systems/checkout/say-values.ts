import { resolve } from 'node:path'
import { part, type ShellLine, sh, words } from '../../shell.ts'
import { valueFiles } from '../../value-files.ts'
import { kubeconfigLine } from '../kube/kubeconfig-line.ts'
import type { Said, Shown, WriterSay } from '../systems.ts'
import type { ValueProver, ValueWriter } from './types.ts'

/** The shell lines that do what the writer of values does. A value goes from file to file, and stands in no list of processes. */
export const sayValues = (folder: string, real: (file: string) => string, kubeconfigs: readonly string[]): WriterSay<ValueWriter> => {
  const said = (files: readonly string[], line: readonly ShellLine[], more: readonly ShellLine[] = []): Said => ({
    before: [sh`cd ${folder}`, ...more],
    line,
    target: `${files.join(', ')} of ${folder}`,
    files: files.map((file) => resolve(folder, file)),
  })
  return {
    keepOldValue: ({ base, live }) => {
      const { old } = valueFiles(base)
      if ('command' in live) {
        const token = live.command ? sh`${words(live.command)} | tr -d '\\r\\n'` : sh`printf %s "$CLOUDFLARE_API_TOKEN"`
        return said([old], [sh`(umask 077; ${part(token)} > ${old})`, sh`test -s ${old}`])
      }
      const { namespace, name, key, password, configMap } = live
      const only = password ? sh` | sed ${'s/.*"password":"\\([^"]*\\)".*/\\1/'}` : sh``
      return said(
        [old],
        [
          configMap
            ? sh`(umask 077; kubectl -n ${namespace} get ${`configmap/${name}`} -o ${`jsonpath={.data.${key.replace(/[.\\]/g, '\\$&')}}`} > ${old})`
            : sh`(umask 077; kubectl -n ${namespace} get ${`secret/${name}`} -o ${`jsonpath={.data.${key.replace(/[.\\]/g, '\\$&')}}`} | openssl base64 -d -A${part(only)} > ${old})`,
          sh`test -s ${old}`,
        ],
        [kubeconfigLine(kubeconfigs)],
      )
    },
    keepNewValue: ({ base, from, typed, lines, text, half }) => {
      const file = valueFiles(base).new
      return said(
        [file],
        [
          sh`test ! -e ${file}`,
          text !== undefined
            ? sh`(umask 077; printf %s ${text} > ${file})`
            : from !== undefined
              ? lines
                ? sh`(umask 077; awk ${'{ sub(/\\r$/, ""); if (NF) print }'} ${from} > ${file})`
                : sh`(umask 077; tr -d '\\r\\n' < ${from}${part(half ? sh` | sed ${'s/^[^:]*://'}` : sh``)} > ${file})`
              : typed
                ? sh`(umask 077; was=$(stty -g); trap 'stty "$was"' EXIT; stty -echo; echo 'The new value, which is not shown:' >&2; read -r value; printf %s ${part(half ? sh`"\${value#*:}"` : sh`"$value"`)} > ${file})`
                : sh`(umask 077; { printf h; openssl rand -hex 24 | tr -d '\\n'; } > ${file})`,
        ],
      )
    },
    placeValue: ({ base, source: { file, in: kind }, line, lines }) => {
      const value = valueFiles(base).new
      const at = line ?? 0
      return said(
        [file],
        [
          // Under .git: a copy with passwords is never one that git would add.
          sh`new=$(git rev-parse --git-path honeydue-by-hand); cp -p ${real(file)} "$new"`,
          kind === 'file'
            ? lines
              ? sh`cat ${value} > "$new"`
              : sh`tr -d '\\n' < ${value} > "$new"`
            : kind === 'yaml'
              ? sh`awk -v at=${at} ${`NR == FNR { v = $0; next } FNR == at { print substr($0, 1, index($0, ":")) " \\"" v "\\""; next } { print }`} ${value} ${real(file)} > "$new"`
              : sh`awk -v at=${at} ${`NR == FNR { v = $0; next } FNR == at { print substr($0, 1, index($0, "=")) v; next } { print }`} ${value} ${real(file)} > "$new"`,
          sh`mv "$new" ${real(file)}`,
        ],
      )
    },
    dropOldValue: ({ base }) => said([valueFiles(base).old], [sh`rm -f ${valueFiles(base).old}`]),
    dropNewValue: ({ base }) => said([valueFiles(base).new], [sh`rm -f ${valueFiles(base).new}`]),
  }
}

/** The shell lines that stop where the files of a value are not so. */
export const proveValues = (folder: string): ValueProver => {
  const shown = (...lines: readonly ShellLine[]): Shown => ({ before: [sh`cd ${folder}`], lines })
  return {
    keptOld: ({ base }) => shown(sh`test -s ${valueFiles(base).old}`),
    kept: ({ base }) => shown(sh`test -s ${valueFiles(base).old}`, sh`test -s ${valueFiles(base).new}`),
    // Of several lines grep would be content with one.
    placed: ({ base, source: { file }, lines }) =>
      shown(lines ? sh`cmp -s ${valueFiles(base).new} ${file}` : sh`grep -qF -f ${valueFiles(base).new} -- ${file}`),
    dropped: ({ base }) => shown(sh`test ! -e ${valueFiles(base).old}`, sh`test ! -e ${valueFiles(base).new}`),
  }
}
