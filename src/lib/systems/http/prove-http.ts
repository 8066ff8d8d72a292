import { seconds } from '../../clock.ts'
import { part, type ShellLine, sh } from '../../shell.ts'
import { curlTo } from '../curl.ts'
import type { Trust } from '../https.ts'
import type { HttpProver } from './types.ts'

/** `answers LIKE curl …`: what is answered has a status like that. What the edge says of itself (52x, 530) is no answer of anybody. */
const answers: ShellLine = sh`answers() { like=$1; shift; code=$("$@" -o /dev/null -w '%{http_code}' || true); case $code in 000 | 52? | 530) false ;; $like) ;; *) false ;; esac; }`

/** `age curl …`: seconds that the copy is old which the edge serves; 0 where it serves none. */
const age: ShellLine = sh`age() { "$@" -o /dev/null -D - | tr 'A-Z\\r' 'a-z ' | awk '/^cf-cache-status: *hit/ { hit = 1 } /^age:/ { age = $2 } END { print hit ? age + 0 : 0 }'; }`

const likes = { success: '2??', usable: '[1-4]??', any: '???' } as const

/** The curl lines that stop where a public name does not answer as it should. */
export const proveHttp = (trust: Trust): HttpProver => {
  const curl = (url: string) => part(sh`${part(curlTo(new URL(url).hostname, trust))} ${url}`)
  return {
    answers: ({ urls, within = seconds(10) }) => ({
      before: [answers],
      lines: urls.map(({ url, like }) => sh`within ${Math.ceil(within / seconds(1))} answers ${likes[like]} ${curl(url)}`),
    }),
    asksLogin: ({ url, user, file }) => ({
      lines: [
        sh`code=$(${curl(url)} -o /dev/null -w '%{http_code}'); test "$code" = 401`,
        ...(user === undefined || file === undefined
          ? []
          : [
              // The login goes in by curl's configuration on standard input.
              sh`code=$({ printf 'user = "%s:' ${user}; sed ${'s/[\\\\"]/\\\\&/g'} ${file} | tr -d '\\r\\n'; printf '"\\n'; } | ${curl(url)} -o /dev/null -w '%{http_code}' -K -); case "$code" in 401|403|000|5??) echo "answered $code" >&2; exit 1;; esac`,
            ]),
      ],
    }),
    fresher: (urls) => ({
      before: [age],
      lines: urls.map(({ url, than }) => sh`old=$(age ${curl(url)}); test "$old" -lt ${than}`),
    }),
  }
}
