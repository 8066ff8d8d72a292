/** While a Deployment is at 0 for us, this annotation says how many replicas it had. */
export const replicasNote = 'honeydue.dev/replicas'

/** Where client-side `kubectl apply` keeps a copy of what it applied, private keys and passwords too. */
export const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'

/** On a Job of db:migrate: to which version, so that an interrupted run knows it again. */
export const migratesToNote = 'honeydue.dev/migrates-to'

/** When the certificate that a Secret holds was made, a day: secret-rotation.md. */
export const lastRotatedNote = 'honeydue.dev/last-rotated'

/** On a Node that nodes:reboot, nodes:update or cluster:upgrade is at: how it was before, so that an interrupted run brings it back to that. */
export const beforeRebootNote = 'honeydue.dev/before-reboot'

/** On another Node while nodes:replace is at one: what the one that is gone was like, so that an interrupted run gives that to the one that takes its place. */
export const beforeReplaceNote = 'honeydue.dev/before-replace'

/** On a Node that has taken the place of another one: the uid of that. */
export const replacesNote = 'honeydue.dev/replaces'
