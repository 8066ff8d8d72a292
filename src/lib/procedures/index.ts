import type { Choices } from '../plan/choice.ts'
import type { Procedure } from '../plan/procedure.ts'
import type { Name } from '../systems/systems.ts'

/** Any procedure, for whoever walks over all of them. */
export type AnyProcedure = Procedure<Choices, Name, unknown>

/** Every procedure by its command. Each loads when it is asked for: whoever lists them pays for none. */
export const procedures = {
  'access:revoke': async () => (await import('./access/revoke.ts')).revoke,
  'cache:invalidate': async () => (await import('./cache/invalidate.ts')).invalidate,
  'cache:policy': async () => (await import('./cache/policy.ts')).policy,
  'cert:install': async () => (await import('./cert/install.ts')).install,
  'cert:rotate': async () => (await import('./cert/rotate.ts')).rotate,
  'cluster:renew-certs': async () => (await import('./cluster/renew-certs.ts')).renewCerts,
  'cluster:restore': async () => (await import('./cluster/restore.ts')).restore,
  'cluster:snapshot': async () => (await import('./cluster/snapshot.ts')).snapshot,
  'cluster:tidy': async () => (await import('./cluster/tidy.ts')).tidy,
  'config:apply': async () => (await import('./config/apply.ts')).apply,
  'config:set': async () => (await import('./config/set.ts')).configSet,
  'db:bootstrap-goose': async () => (await import('./db/bootstrap-goose.ts')).bootstrapGoose,
  'db:migrate': async () => (await import('./db/migrate.ts')).migrate,
  'db:recover-migration': async () => (await import('./db/recover-migration.ts')).recoverMigration,
  'db:restore-point': async () => (await import('./db/restore-point.ts')).restorePoint,
  'db:switch-host': async () => (await import('./db/switch-host.ts')).switchHost,
  'db:unlock': async () => (await import('./db/unlock.ts')).unlock,
  'deploy:image': async () => (await import('./deploy/image.ts')).image,
  'deploy:pause': async () => (await import('./deploy/pause.ts')).pause,
  'deploy:restart': async () => (await import('./deploy/restart.ts')).restart,
  'deploy:resume': async () => (await import('./deploy/resume.ts')).resume,
  'deploy:rollback': async () => (await import('./deploy/rollback.ts')).rollback,
  'deploy:scale': async () => (await import('./deploy/scale.ts')).scale,
  'edge:drain': async () => (await import('./edge/drain.ts')).drain,
  'edge:purge': async () => (await import('./edge/purge.ts')).purge,
  'edge:restore': async () => (await import('./edge/restore.ts')).restore,
  'firewall:refresh': async () => (await import('./firewall/refresh.ts')).refresh,
  'observability:fix-token': async () => (await import('./observability/fix-token.ts')).fixToken,
  'queue:drop': async () => (await import('./queue/drop.ts')).drop,
  'kubeconfig:renew': async () => (await import('./kubeconfig/renew.ts')).renew,
  'mail:test': async () => (await import('./mail/test.ts')).mailTest,
  'nodes:clean': async () => (await import('./nodes/clean.ts')).clean,
  'nodes:drain': async () => (await import('./nodes/drain.ts')).drain,
  'nodes:reboot': async () => (await import('./nodes/reboot.ts')).reboot,
  'nodes:uncordon': async () => (await import('./nodes/uncordon.ts')).uncordon,
  'nodes:update': async () => (await import('./nodes/update.ts')).update,
  'queue:pause': async () => (await import('./queue/pause.ts')).pause,
  'queue:resume': async () => (await import('./queue/resume.ts')).resume,
  'queue:retry': async () => (await import('./queue/retry.ts')).retry,
  'redis:recover': async () => (await import('./redis/recover.ts')).recover,
  'registry:prune': async () => (await import('./registry/prune.ts')).prune,
  'secrets:sync': async () => (await import('./secrets/sync.ts')).sync,
  'secrets:rotate': async () => (await import('./secrets/rotate.ts')).rotate,
  'storage:lifecycle': async () => (await import('./storage/lifecycle.ts')).lifecycle,
} as const satisfies Readonly<Record<AnyProcedure['id'], () => Promise<AnyProcedure>>>
