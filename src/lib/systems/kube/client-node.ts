// The one import of the library: bundling keeps only these names of it.
export { KubeConfig, PortForward } from '@kubernetes/client-node'
