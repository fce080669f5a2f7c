// SPDX-License-Identifier: Apache-2.0
// Signing keys and their signatures, by the rules of leafproof/keys.py, and a key's own word that it is somebody's
// (leafproof/chain/possession.py).
import { ed25519 } from '@noble/curves/ed25519.js'
import { p256 } from '@noble/curves/nist.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { decodeDeterministic, encode, isBytes, Malformed } from './encoding.js'

export const ES256 = -7
export const EDDSA = -8
export const SIGNATURE_SIZE = 64
const MAX_COSE_KEY = 128

export function readKey(cose) {
  const value = decodeDeterministic(cose, 'cose key', MAX_COSE_KEY)
  const get = (label) => (value instanceof Map ? value.get(label) : undefined)
  const [x, y] = [get(-2), get(-3)]
  if (value.size === 4 && get(1) === 2 && get(-1) === 1 && isBytes(x, 32) && isBytes(y, 32)) {
    const point = Uint8Array.of(4, ...x, ...y)
    if (!p256.utils.isValidPublicKey(point)) throw new Malformed('cose key: not a point of P-256')
    return { id: sha256(cose), algorithm: ES256, point }
  }
  if (value.size === 3 && get(1) === 1 && get(-1) === 6 && isBytes(x, 32)) {
    return { id: sha256(cose), algorithm: EDDSA, point: x }
  }
  throw new Malformed('cose key: neither a P-256 nor an Ed25519 public key with the required members alone')
}

// Statements and proofs hold signatures in their low-s form alone; a JWT's may be either.
export function verifies(key, signature, message, lowS = true) {
  if (!isBytes(signature, SIGNATURE_SIZE)) return false
  try {
    return key.algorithm === ES256
      ? p256.verify(signature, message, key.point, { prehash: true, lowS, format: 'compact' })
      : ed25519.verify(signature, message, key.point, { zip215: false })
  } catch {
    return false
  }
}

// Is `proof` the key's own word that it belongs to this operator, in this role, on this registry?
export function proves(cose, { chain, registry, operator, role, log, issuer }, proof) {
  try {
    return verifies(readKey(cose), proof, encode(['leafproof key possession', chain, registry, operator, role, log, issuer]))
  } catch {
    return false
  }
}
