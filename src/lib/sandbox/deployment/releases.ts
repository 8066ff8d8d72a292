import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { KubeObject } from '../kubernetes/types.ts'
import type { Sandbox } from '../sandbox.ts'
import { image } from './facts.ts'
import { addCommit, manifestFile } from './repository.ts'

/** Writes these migrations, commits what the folder then holds, and tags the commit: an image with that tag exists from now on. */
export const release = async (
  { environment: { checkout } }: Pick<Sandbox, 'environment'>,
  tag: string,
  files: Readonly<Record<string, string>>,
): Promise<string> => {
  const folder = join(checkout, 'migrations')
  for (const [file, sql] of Object.entries(files)) await writeFile(join(folder, file), sql)
  const names = await readdir(folder)
  const texts = await Promise.all(names.map(async (name) => [`migrations/${name}`, await readFile(join(folder, name), 'utf8')] as const))
  const at = new Date().toISOString()
  await addCommit(checkout, { tag, at, message: tag, instead: 'migrations', files: Object.fromEntries(texts) })
  return image('api', tag)
}

/** Creates the Job as 03-deploy.sh does, with this image. `notes`: annotations of its pod, for the kubelet. */
export const startJob = async (
  { environment, kubernetes }: Pick<Sandbox, 'environment' | 'kubernetes'>,
  of: string,
  notes: Readonly<Record<string, string>> = {},
): Promise<void> => {
  const manifest = parse(await readFile(join(environment.checkout, manifestFile), 'utf8')) as KubeObject
  const { template } = manifest['spec'] as {
    readonly template: { metadata?: object; readonly spec: { readonly containers: { image: string }[] } }
  }
  for (const container of template.spec.containers) container.image = of
  template.metadata = { ...template.metadata, annotations: notes }
  kubernetes.client.create(manifest, { manager: 'kubectl-client-side-apply' })
}
