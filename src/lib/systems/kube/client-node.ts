// The one import of the library, of the one file that is needed: by its front door come all APIs with their models, tar and YAML.
export { KubeConfig } from '@kubernetes/client-node/dist/config.js'
