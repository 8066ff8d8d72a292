import type { Client, ParsedKey } from 'ssh2'

type Sign = (data: Buffer, done: (signature: Buffer) => void) => void
type PublicKey = (user: string, key: ParsedKey, algorithm?: string, sign?: Sign) => void

/** The parts of ssh2's own protocol object that are stood in front of; ssh2 is pinned, and a test counts what is sent. */
interface Protocol {
  start: () => void
  rekey: () => void
  _kexinit?: Buffer
  _cipher?: { encrypt: (packet: Buffer) => void }
  _onHeader?: (header: unknown) => void
  service?: (name: string) => void
  authPK?: PublicKey
  _handlers?: { SERVICE_ACCEPT?: (protocol: Protocol, name: string) => void }
}

const hashOf: Readonly<Record<string, string>> = { 'rsa-sha2-256': 'sha256', 'rsa-sha2-512': 'sha512', 'ssh-rsa': 'sha1' }

/**
 * Makes our offer for the key exchange beside our name, before the server's name is heard (RFC 4253, 7.1): ssh2 would make it only then, and
 * what it makes then is dropped.
 */
const offerAtOnce = (protocol: Protocol, began: () => void): void => {
  const { start, _onHeader: named, _cipher: cipher } = protocol
  if (!named || !cipher) return
  protocol.start = () => {
    start.call(protocol)
    protocol.rekey()
    began()
    const { _kexinit: offered } = protocol
    if (offered === undefined) return
    protocol._onHeader = (header) => {
      named(header)
      const { encrypt } = cipher
      cipher.encrypt = () => {
        cipher.encrypt = encrypt
        protocol._kexinit = offered
      }
    }
  }
}

/**
 * Saves three of seven round trips, as RFC 4252 and 4253 allow. The offer for the key exchange waits for nobody's name. A key of ours is
 * signed for at once, without asking first whether it would be accepted (an agent is still asked first: it may ask its owner). And the first
 * attempt follows the request for the service without waiting for its acceptance, unless an RSA key is among ours: which hash its signature
 * takes, the server says with that acceptance. `began` is called when the first words are out. HONEYDUE_PLAIN_SSH leaves ssh2 as it is.
 */
export const saveRoundTrips = (client: Client, { rsa }: { readonly rsa: boolean }, began: () => void): void => {
  if (process.env['HONEYDUE_PLAIN_SSH']) return
  const protocol = (client as unknown as { readonly _protocol?: Protocol })._protocol
  if (!protocol?.authPK || !protocol.service) return
  const { authPK, service, _handlers: handlers } = protocol
  offerAtOnce(protocol, began)
  protocol.authPK = (user, key, algorithm, sign) => {
    const signNow: Sign = (data, done) => {
      const signature = key.sign(data, algorithm && hashOf[algorithm])
      if (Buffer.isBuffer(signature)) done(signature)
      else authPK.call(protocol, user, key, algorithm)
    }
    authPK.call(protocol, user, key, algorithm, sign ?? (key.isPrivateKey?.() ? signNow : undefined))
  }
  const accepted = handlers?.SERVICE_ACCEPT
  if (rsa || !handlers || !accepted) return
  protocol.service = (name) => {
    service.call(protocol, name)
    handlers.SERVICE_ACCEPT = () => {}
    accepted(protocol, name)
  }
}
