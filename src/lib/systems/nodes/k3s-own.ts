/** A certificate that k3s keeps for itself, or shows at its port. */
export interface K3sCertificate {
  /** Below k3s' own folder: `server/tls/client-admin.crt`; or `certificate at 6443`. */
  readonly file: string
  /** PEM; the first of the file. */
  readonly certificate: string
}

/** What k3s' own kubeconfig on a node holds that is no secret. */
export interface AdminKubeconfig {
  /** PEM. */
  readonly certificate: string
  /** PEM. */
  readonly authority: string
}

/** How a copy of it on this machine is to be. */
export interface KubeconfigCopy {
  readonly path: string
  readonly server: string
  readonly context: string
}
