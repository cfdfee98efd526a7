import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
} from 'node:crypto'

/** X25519 keys as raw bytes, [32] each: a private one can be cut into shares. */
export interface KeyPair {
  publicKey: Uint8Array
  privateKey: Uint8Array
}

export const KEY_BYTES = 32

export function newKeyPair(): KeyPair {
  const { d, x } = generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' })
  return { publicKey: Buffer.from(x!, 'base64url'), privateKey: Buffer.from(d!, 'base64url') }
}

/** 32 bytes that only the two of them know, the same for both, other ones for another `purpose`. */
export function agreedKey(own: KeyPair, theirs: Uint8Array, purpose: string): Uint8Array {
  const jwk = (x: Uint8Array) => ({ kty: 'OKP', crv: 'X25519', x: Buffer.from(x).toString('base64url') })
  const d = Buffer.from(own.privateKey).toString('base64url')
  const secret = diffieHellman({
    privateKey: createPrivateKey({ key: { ...jwk(own.publicKey), d }, format: 'jwk' }),
    publicKey: createPublicKey({ key: jwk(theirs), format: 'jwk' }),
  })
  return new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(0), purpose, KEY_BYTES))
}

const NONCE_BYTES = 12
const TAG_BYTES = 16

/** Bytes that sealing adds. */
export const SEAL_BYTES: number = NONCE_BYTES + TAG_BYTES

/** AES-256-GCM: nonce, ciphertext, tag. */
export function seal(key: Uint8Array, text: Uint8Array): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  return Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()])
}

/** Throws if a bit of it has been changed, or the key is another. */
export function unseal(key: Uint8Array, sealed: Uint8Array): Uint8Array {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES))
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
  const text = decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES))
  return Buffer.concat([text, decipher.final()])
}
