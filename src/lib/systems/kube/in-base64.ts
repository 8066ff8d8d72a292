import { type ShellLine, sh } from '../../shell.ts'

/** Prints what a file has, in base64, with `around` before and after it. The value passes from program to program, and stands in no list of processes. */
export const inBase64 = (file: string, around?: readonly [before: string, after: string]): ShellLine =>
  around === undefined
    ? sh`openssl base64 -A -in ${file}`
    : sh`{ printf %s ${around[0]}; tr -d '\\r\\n' < ${file}; printf %s ${around[1]}; } | openssl base64 -A`

/** The same of the line of htpasswd that a user has with the password in a file. */
export const htpasswdInBase64 = (user: string, file: string): ShellLine =>
  sh`{ printf %s: ${user}; tr -d '\\r\\n' < ${file} | openssl passwd -apr1 -stdin | tr -d '\\n'; } | openssl base64 -A`
