import ssh2 from 'ssh2'

/** A fresh ed25519 pair in OpenSSH's format. ssh2 1.17 writes about one in 400 that it cannot read itself: such a one is thrown away. */
export function newSshKey(comment: string): { readonly private: string; readonly public: string } {
  for (let attempt = 0; attempt < 20; attempt++) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519', { comment })
    if (!(ssh2.utils.parseKey(pair.private) instanceof Error)) return pair
  }
  throw new Error('ssh2 made no readable key in 20 attempts')
}
