import { registryHost } from '../../../src/lib/sandbox/deployment/facts.ts'
import type { Push } from '../../../src/lib/sandbox/registry/manifest.ts'
import { credentials, type RegistryWorld, repository, sandboxed } from './world.ts'

/** Gitea as a registry, whose `repository` has nothing before each case. */
export interface GiteaWorld extends Pick<RegistryWorld, 'hostaddr' | 'caFile' | 'reset' | 'stop'> {
  /** `user:token` of whom may read and write. */
  readonly user: string
  /** Pushes other content than before under a tag of the repository. */
  push(tag: string, as: Pick<Push, 'platforms' | 'plain'>): Promise<void>
  /** `user:token` of whom may read alone. */
  readOnly(): Promise<string>
}

export const sandboxGitea = async (): Promise<GiteaWorld> => {
  const { registry, ...world } = await sandboxed('token', async () => [])
  return {
    ...world,
    user: credentials,
    push: async (tag, as) => registry.push(`${registryHost}/${repository}:${tag}`, as),
    async readOnly() {
      registry.readOnly = true
      return credentials
    },
  }
}
