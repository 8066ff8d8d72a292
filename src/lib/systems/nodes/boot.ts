import type { Answer } from './script.ts'
import { lastLine } from './trouble.ts'
import type { Boot } from './types.ts'

/** Which boot, since when, and whether root may be asked for another one. */
export const bootScript = `
id=$(cat /proc/sys/kernel/random/boot_id) && since=$(sed -n 's/^btime //p' /proc/stat) || exit
echo "boot $id"
echo "age $(($(date +%s) - since))"
if [ "$USER" != root ] && [ "$(id -u)" != 0 ]; then refused=$(sudo -n -l systemctl reboot 2>&1 > /dev/null) || echo "refused $refused"; fi
`

/** What the script printed; undefined where it is not that. */
export const readBoot = ({ code, stdout }: Pick<Answer, 'code' | 'stdout'>): Boot | undefined => {
  const line = (name: string) => new RegExp(`^${name} (.+)$`, 'm').exec(stdout)?.[1]?.trim()
  const [id, age] = [line('boot'), Number(line('age'))]
  const refused = /^refused ([\s\S]*)/m.exec(stdout)?.[1]
  if (code !== 0 || id === undefined || !Number.isFinite(age)) return undefined
  return { id, ageSeconds: age, ...(refused !== undefined && { refused: lastLine(refused) ?? 'sudo said nothing' }) }
}
