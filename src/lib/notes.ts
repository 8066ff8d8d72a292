/** While a Deployment is at 0 for us, this annotation says how many replicas it had. */
export const replicasNote = 'honeydue.dev/replicas'

/** On a Job of db:migrate: to which version, so that an interrupted run knows it again. */
export const migratesToNote = 'honeydue.dev/migrates-to'

/** When the certificate that a Secret holds was made, a day: secret-rotation.md. */
export const lastRotatedNote = 'honeydue.dev/last-rotated'

/** When one key of a Secret was given the value that it has, to the second: beside the day that the book notes of the whole Secret. */
export const rotatedAtNote = (key: string): string => `${lastRotatedNote}.${key}`

/** On a Node that nodes:reboot is at: how it was before, so that an interrupted run brings it back to that. */
export const beforeRebootNote = 'honeydue.dev/before-reboot'
