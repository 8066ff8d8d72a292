import { part, type ShellLine, sh, words } from '../../shell.ts'
import { curlTo } from '../curl.ts'
import type { Trust } from '../https.ts'
import type { System } from '../systems.ts'
import { lifecycleRequest, md5Of, sha256Of } from './rules.ts'
import type { StorageReader, StorageWriter } from './types.ts'

export interface SayStorageOptions extends Trust {
  readonly endpoint: string
  readonly region: string
  readonly bucket: string
  readonly key_command?: readonly string[] | undefined
}

/** `storage METHOD QUERY HASH [curl's options]`, the hash that of the body. The key goes in on standard input, so that no process list shows it. */
const storage = ({ endpoint, region, bucket, ...trust }: SayStorageOptions): ShellLine =>
  sh`storage() { verb=$1 query=$2 hash=$3; shift 3; printf 'user = "%s"' "$STORAGE_KEY" | ${part(curlTo(endpoint, trust))} --fail-with-body --aws-sigv4 ${`aws:amz:${region}:s3`} -K - -X "$verb" -H "x-amz-content-sha256: $hash" ${`https://${endpoint}/${bucket}`}"?$query" "$@"; }`

const before = (options: SayStorageOptions): readonly ShellLine[] => [
  options.key_command === undefined
    ? sh`: "\${STORAGE_KEY:?the id of the application key, a colon and the key}"`
    : sh`STORAGE_KEY=$(${words(options.key_command)})`,
  storage(options),
]

/** The curl lines that send what the writer sends. */
export const sayStorage = (options: SayStorageOptions): System<StorageReader, StorageWriter>['say'] => ({
  setLifecycle: ({ to }) => {
    const request = lifecycleRequest(to)
    return {
      before: before(options),
      line:
        'body' in request
          ? sh`storage PUT lifecycle= ${sha256Of(request.body)} -H ${`Content-MD5: ${md5Of(request.body)}`} -H 'Content-Type: application/xml' --data-binary ${request.body}`
          : sh`storage DELETE lifecycle= ${sha256Of('')}`,
      target: `the lifecycle rules of ${options.bucket}`,
    }
  },
})
