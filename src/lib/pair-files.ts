/** The names that a certificate's files have by its base: the pair, the one before it, and what is on its way. */
export const pairFiles = (base: string) => ({
  certificate: `${base}.crt`,
  key: `${base}.key`,
  oldCertificate: `${base}.old.crt`,
  oldKey: `${base}.old.key`,
  newKey: `${base}.new.key`,
  newRequest: `${base}.new.csr`,
  newCertificate: `${base}.new.crt`,
})
