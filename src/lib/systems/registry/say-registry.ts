import { referenceOf } from '../../image-reference.ts'
import { part, sh, words } from '../../shell.ts'
import { curlTo } from '../curl.ts'
import type { Trust } from '../https.ts'
import type { System } from '../systems.ts'
import type { RegistryReader, RegistryWriter } from './types.ts'

export interface SayRegistryOptions extends Trust {
  /** Prints `user:password` of whoever may delete. */
  readonly login_command?: readonly string[] | undefined
}

/** The curl lines that send what the writer sends. The login goes in on standard input, so that no process list shows it. */
export const sayRegistry = ({ login_command: command, ...trust }: SayRegistryOptions): System<RegistryReader, RegistryWriter>['say'] => ({
  deleteTag: ({ image }) => {
    const { host, name, version } = referenceOf(image) ?? { host: '', name: image, version: '' }
    return {
      before: [
        command === undefined
          ? sh`: "\${REGISTRY_LOGIN:?a user that may delete images, a colon and the token}"`
          : sh`REGISTRY_LOGIN=$(${words(command)})`,
        sh`untag() { printf 'user = "%s"' "$REGISTRY_LOGIN" | ${part(curlTo(host, trust))} --fail-with-body -K - -X DELETE "https://$1/v2/$2/manifests/$3"; }`,
      ],
      line: sh`untag ${host} ${name} ${version}`,
      target: `the tag ${image}`,
    }
  },
})
