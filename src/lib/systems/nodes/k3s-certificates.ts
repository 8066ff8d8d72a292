import { servedAt6443 } from '../../k3s.ts'
import type { K3sCertificate } from './k3s-own.ts'
import { limited } from './served.ts'

const mark = '== '

/** The first certificate of each file that k3s keeps for itself, after the file's name, and the one that a handshake at 6443 shows; its keys are not touched. */
export const k3sCertificatesScript = `
root sh -c 'cd /var/lib/rancher/k3s && for file in server/tls/*.crt server/tls/etcd/*.crt agent/*.crt; do
if test -f "$file"; then echo "${mark}$file"; sed -n "/-BEGIN/,/-END/p;/-END/q" "$file"; fi; done' || exit
${limited(3)}
if command -v openssl > /dev/null; then
said=$(limited openssl s_client -no-CAfile -no-CApath -connect 127.0.0.1:6443 < /dev/null 2> /dev/null)
case $said in *-----BEGIN*) pem=\${said#*-----BEGIN}; printf '${mark}${servedAt6443}\\n-----BEGIN%s-----END CERTIFICATE-----\\n' "\${pem%%-----END CERT*}" ;; esac
fi
:
`

/** Reads what the script printed. */
export const readK3sCertificates = (stdout: string): readonly K3sCertificate[] =>
  stdout.split(new RegExp(`^${mark}`, 'm')).flatMap((text) => {
    const at = text.indexOf('\n')
    const [file, certificate] = [text.slice(0, at), text.slice(at + 1).trim()]
    return certificate.startsWith('-----BEGIN CERTIFICATE') ? [{ file, certificate }] : []
  })
