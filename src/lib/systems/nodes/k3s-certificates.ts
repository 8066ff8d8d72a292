import type { K3sCertificate } from './types.ts'

const mark = '== '

/** The first certificate of each file that k3s keeps for itself, after the file's name; its keys are not touched. */
export const k3sCertificatesScript = `
root sh -c 'cd /var/lib/rancher/k3s && for file in server/tls/*.crt server/tls/etcd/*.crt agent/*.crt; do
if test -f "$file"; then echo "${mark}$file"; sed -n "/-BEGIN/,/-END/p;/-END/q" "$file"; fi; done'
`

/** Reads what the script printed. */
export const readK3sCertificates = (stdout: string): readonly K3sCertificate[] =>
  stdout.split(new RegExp(`^${mark}`, 'm')).flatMap((text) => {
    const at = text.indexOf('\n')
    const [file, certificate] = [text.slice(0, at), text.slice(at + 1).trim()]
    return certificate.startsWith('-----BEGIN CERTIFICATE') ? [{ file, certificate }] : []
  })
