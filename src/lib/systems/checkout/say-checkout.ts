import { realpathSync } from 'node:fs'
import { join, relative } from 'node:path'
import { pairFiles } from '../../pair-files.ts'
import { part, type ShellLine, sh, words } from '../../shell.ts'
import type { Said, Shown, System } from '../systems.ts'
import { proveValues, sayValues } from './say-values.ts'
import type { CheckoutProver, CheckoutReader, CheckoutWriter } from './types.ts'

/** The shell lines that do what the writer does, from the checkout's folder. Nothing takes a file's place before it was looked at. */
export const sayCheckout = (folder: string, kubeconfigs: readonly string[]): System<CheckoutReader, CheckoutWriter>['say'] => {
  const before = [sh`cd ${folder}`]
  // A file that is a link stays one: what it leads to is replaced.
  const real = (file: string): string => {
    try {
      return relative(realpathSync(folder), realpathSync(join(folder, file)))
    } catch {
      return file
    }
  }
  const said = (base: string, line: readonly ShellLine[]): Said => ({
    before,
    line,
    target: `${base}.{crt,key} of ${folder}`,
    files: Object.values(pairFiles(base)).map((file) => join(folder, file)),
  })
  const setOnLine = ({ file, line, from, to }: Parameters<CheckoutWriter['setWord']>[0]): Said => ({
    before,
    line: [
      // Under .git: a copy with passwords is never one that git would add.
      sh`new=$(git rev-parse --git-path honeydue-by-hand); cp -p ${real(file)} "$new"`,
      sh`sed ${`${line}s|${pattern(from)}|${replacement(to)}|`} ${real(file)} > "$new"`,
      sh`if cmp -s ${real(file)} "$new"; then rm "$new"; echo ${`${file}:${line} is not ${from} any more`} >&2; exit 1; fi`,
      sh`mv "$new" ${real(file)}`,
    ],
    target: `${file} of ${folder}`,
    files: [join(folder, file)],
  })
  return {
    ...sayValues(folder, real, kubeconfigs),
    setScalar: setOnLine,
    setWord: setOnLine,
    addSetting: ({ file, key, line }) => ({
      before,
      line: [
        sh`if grep -qE ${`^[[:space:]]*(export[[:space:]]+)?${key}=`} ${real(file)}; then echo ${`${file} sets ${key} already`} >&2; exit 1; fi`,
        sh`new=$(git rev-parse --git-path honeydue-by-hand); cp -p ${real(file)} "$new"`,
        // A last line without its end gets one.
        sh`test -z "$(tail -c 1 "$new")" || echo >> "$new"`,
        sh`printf '%s\n' ${line} >> "$new"; mv "$new" ${real(file)}`,
      ],
      target: `${file} of ${folder}`,
    }),
    removeSetting: ({ file, line }) => ({
      before,
      line: [
        sh`grep -qxF -e ${line} ${real(file)}`,
        sh`new=$(git rev-parse --git-path honeydue-by-hand); cp -p ${real(file)} "$new"`,
        sh`grep -vxF -e ${line} ${real(file)} > "$new" || test $? = 1`,
        sh`mv "$new" ${real(file)}`,
      ],
      target: `${file} of ${folder}`,
    }),
    keepNewKey: ({ base, commonName }) => {
      const { newKey, newRequest } = pairFiles(base)
      return said(base, [
        sh`test ! -e ${newKey}`,
        sh`(umask 077; openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ${newKey} -out ${newRequest} -subj ${`/CN=${commonName}`})`,
      ])
    },
    placePair: ({ base }) => {
      const files = pairFiles(base)
      return said(base, [
        ...fits(files.newCertificate, files.newKey),
        sh`cp -p ${real(files.certificate)} ${files.oldCertificate}`,
        sh`cp -p ${real(files.key)} ${files.oldKey}`,
        sh`chmod 600 ${words([files.newCertificate, files.newKey, files.oldCertificate, files.oldKey])}`,
        sh`mv ${files.newKey} ${real(files.key)}`,
        sh`mv ${files.newCertificate} ${real(files.certificate)}`,
        sh`rm -f ${files.newRequest}`,
      ])
    },
    restorePair: ({ base }) => {
      const files = pairFiles(base)
      return said(base, [
        ...fits(files.oldCertificate, files.oldKey),
        sh`mv ${files.oldKey} ${real(files.key)}`,
        sh`mv ${files.oldCertificate} ${real(files.certificate)}`,
      ])
    },
    dropNewKey: ({ base }) => {
      const { newKey, newRequest } = pairFiles(base)
      return said(base, [sh`rm -f ${words([newKey, newRequest])}`])
    },
  }
}

/** The shell lines that stop where the checkout is not so. */
export const proveCheckout = (folder: string): CheckoutProver => {
  const shown = (...lines: readonly ShellLine[]): Shown => ({ before: [sh`cd ${folder}`], lines })
  return {
    ...proveValues(folder),
    named: ({ file, line, value }) => shown(sh`sed -n ${`${line}p`} ${file} | grep -qF -e ${value}`),
    line: ({ file, line }) => shown(sh`grep -qxF -e ${line} ${file}`),
    newKey: ({ base }) => {
      const { newKey, newRequest } = pairFiles(base)
      return shown(...fits(newRequest, newKey, sh`req`))
    },
    signed: ({ base }) => {
      const { newKey, newCertificate } = pairFiles(base)
      return shown(...fits(newCertificate, newKey))
    },
    pair: ({ base }) => {
      const { certificate, key, newRequest } = pairFiles(base)
      return shown(...fits(certificate, key), sh`test ! -e ${newRequest}`)
    },
  }
}

/** Stops where the certificate, or the request, is not one of the key. */
const fits = (certificate: string, key: string, kind = sh`x509`): readonly ShellLine[] => [
  sh`ours=$(openssl pkey -in ${key} -pubout)`,
  sh`theirs=$(openssl ${part(kind)} -in ${certificate} -noout -pubkey); test "$ours" = "$theirs"`,
]

/** Of sed, with `|` between its parts. */
const pattern = (text: string): string => text.replace(/[.*[]/g, '[$&]').replace(/[\\^$|]/g, '\\$&')
const replacement = (text: string): string => text.replace(/[&|\\]/g, '\\$&')
