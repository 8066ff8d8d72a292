import { Blocked } from '../../errors.ts'

/** What is thrown where a deployment has no ConfigMap of the environment's name. */
export const noConfigMap = (namespace: string, name: string): Blocked =>
  new Blocked({
    code: 'config-no-map',
    failed: `There is no ConfigMap ${namespace}/${name}`,
    cause: 'This deployment was not made by 03-deploy.sh, or the environment names another ConfigMap',
    next: 'honeydue config:explain',
  })
