// The one import of the library: bundling keeps only this name of it.
export { KubeConfig } from '@kubernetes/client-node'
