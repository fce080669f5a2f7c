// SPDX-License-Identifier: Apache-2.0
// Bundle, keys and signed statements, by the rules of leafproof/bundle.py, keys.py, envelope.py and disclosure.py.
import { ed25519 } from '@noble/curves/ed25519.js'
import { p256 } from '@noble/curves/nist.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { ascii, base64url, decodeDeterministic, encode, fromBase64url, isBytes, isCount, jsonOf, Malformed } from './encoding.js'

const ES256 = -7
const EDDSA = -8
const MAX_BUNDLE = 64 << 20
const MAX_ENVELOPE = 4096
const MAX_COSE_KEY = 128
const KINDS = {
  'application/vnd.leafproof.frame+cbor': 'frame',
  'application/vnd.leafproof.metering-plan+cbor': 'metering plan',
  'application/vnd.leafproof.batch-record+cbor': 'batch record',
  'application/vnd.leafproof.footprint+cbor': 'footprint',
  'application/vnd.leafproof.factor-set+cbor': 'factor set',
}
const JWT_TYPES = { 'batch record': 'leafproof-batch-record+sd-jwt', footprint: 'leafproof-footprint+sd-jwt' }

function log(value, what) {
  const [chain, contract, id] = Array.isArray(value) && value.length === 3 ? value : []
  if (!isCount(chain) || !isBytes(contract, 20) || !isBytes(id, 32)) throw new Malformed(`${what}: names no log`)
  return { chain: Number(chain), contract, id }
}

export function readBundle(bytes) {
  if (bytes.length > MAX_BUNDLE) throw new Malformed('bundle: too large')
  const value = decodeDeterministic(bytes, 'bundle')
  const [magic, version, lot, keys, heads, items] = Array.isArray(value) && value.length === 6 ? value : []
  if (magic !== 'leafproof-bundle' || version !== 1 || ![lot, keys, heads, items].every(Array.isArray)) {
    throw new Malformed('bundle: not a Leafproof bundle of version 1')
  }
  if (!keys.every((key) => isBytes(key))) throw new Malformed('bundle: keys are not byte strings')
  return {
    lot,
    keys,
    heads: heads.map((head) => {
      const [of, size, root] = Array.isArray(head) && head.length === 3 ? head : []
      if (!isCount(size) || !size || !isBytes(root, 32)) throw new Malformed('bundle: a head is not [log, size, root]')
      return { log: log(of, 'bundle'), size, root }
    }),
    items: items.map((item) => readItem(item, heads.length)),
  }
}

function readItem(value, heads) {
  const [envelope, body, disclosures, index, head, path] = Array.isArray(value) && value.length === 6 ? value : []
  const good =
    isBytes(envelope) && (body === null || isBytes(body)) && Array.isArray(disclosures) &&
    disclosures.every((text) => typeof text === 'string') && isCount(index) && isCount(head) && head < heads &&
    Array.isArray(path)
  if (!good) throw new Malformed('bundle: a statement is not [envelope, body, disclosures, index, head, path]')
  return { envelope, body, disclosures, index, head, path }
}

export function readKey(cose) {
  if (cose.length > MAX_COSE_KEY) throw new Malformed('key: too large')
  const value = decodeDeterministic(cose, 'key')
  const get = (label) => (value instanceof Map ? value.get(label) : undefined)
  const [x, y] = [get(-2), get(-3)]
  if (value.size === 4 && get(1) === 2 && get(-1) === 1 && isBytes(x, 32) && isBytes(y, 32)) {
    const point = Uint8Array.of(4, ...x, ...y)
    if (!p256.utils.isValidPublicKey(point)) throw new Malformed('key: not a point of P-256')
    return { id: sha256(cose), algorithm: ES256, point }
  }
  if (value.size === 3 && get(1) === 1 && get(-1) === 6 && isBytes(x, 32)) {
    return { id: sha256(cose), algorithm: EDDSA, point: x }
  }
  throw new Malformed('key: neither a P-256 nor an Ed25519 public key')
}

// Envelopes hold signatures in their low-s form alone (leafproof/keys.py); a JWT's may be either.
function signedBy(key, signature, message, lowS) {
  if (!isBytes(signature, 64)) return false
  try {
    return key.algorithm === ES256
      ? p256.verify(signature, message, key.point, { prehash: true, lowS, format: 'compact' })
      : ed25519.verify(signature, message, key.point, { zip215: false })
  } catch {
    return false
  }
}

export function readStatement(item) {
  const raw = item.envelope
  if (raw.length > MAX_ENVELOPE || raw[0] !== 0xd2 || raw[1] !== 0x84) {
    throw new Malformed('envelope: not a tagged COSE_Sign1 of at most 4096 bytes')
  }
  const [inProtected, unprotected, payload, signature] = decodeDeterministic(raw.subarray(1), 'envelope')
  if (!isBytes(inProtected) || !(unprotected instanceof Map) || unprotected.size || !isBytes(payload, 32) || !isBytes(signature, 64)) {
    throw new Malformed('envelope: not [protected, {}, payload, signature]')
  }
  const header = decodeDeterministic(inProtected, 'protected header')
  const claims = header instanceof Map ? header.get(15) : undefined
  const known = new Set([1, 4, 15, 258, 259, 'log', 'frame'])
  const text = (value) => typeof value === 'string' && value !== '' && ascii(value).length <= 256
  const good =
    claims instanceof Map && claims.size === 3 && text(claims.get(1)) && text(claims.get(2)) && isCount(claims.get(6)) &&
    [...header.keys()].every((name) => known.has(name)) && [ES256, EDDSA].includes(header.get(1)) &&
    isBytes(header.get(4), 32) && header.get(258) === -16 && text(header.get(259))
  if (!good) throw new Malformed('protected header: not exactly the members of a Leafproof statement')
  const kind = KINDS[header.get(259)]
  if (!kind || header.has('frame') !== (kind === 'frame')) throw new Malformed('statement: of an unknown kind')
  return {
    item,
    kind,
    label: `${kind}, entry ${item.index}`,
    algorithm: header.get(1),
    keyId: header.get(4),
    issuer: claims.get(1),
    log: log(header.get('log'), 'protected header'),
    payload,
    signature,
    signed: encode(['Signature1', inProtected, new Uint8Array(0), payload]), // RFC 9052 4.4
  }
}

export const signatureVerifies = (statement, key) =>
  key.algorithm === statement.algorithm && signedBy(key, statement.signature, statement.signed, true)

// The members that the body's SD-JWT (RFC 9901) shows; raises unless each was signed. Other bodies: their hash alone.
export function readBody(statement, key) {
  const { body, disclosures } = statement.item
  const hash = sha256(body)
  if (!hash.every((byte, i) => byte === statement.payload[i])) {
    throw new Malformed('body: its SHA-256 is not the one that was signed')
  }
  if (!(statement.kind in JWT_TYPES)) return null
  const [salt, jwt, ...more] = decodeDeterministic(body, 'body')
  if (!isBytes(salt, 16) || typeof jwt !== 'string' || more.length) throw new Malformed('body: not [salt, JWT]')
  const [head, claims, signature, ...rest] = jwt.split('.')
  const header = jsonOf(head, 'body')
  const shown = jsonOf(claims, 'body')
  const algorithm = key.algorithm === ES256 ? 'ES256' : 'EdDSA'
  if (rest.length || header.alg !== algorithm || header.typ !== JWT_TYPES[statement.kind] || shown.iss !== statement.issuer) {
    throw new Malformed('body: the SD-JWT is of another kind, or by another issuer')
  }
  if (!signedBy(key, fromBase64url(signature), ascii(`${head}.${claims}`), false)) {
    throw new Malformed('body: the SD-JWT is not signed by the key that signed the statement')
  }
  return disclosed(shown, disclosures)
}

function disclosed(claims, disclosures) {
  const { _sd: digests = [], _sd_alg: algorithm = 'sha-256', ...members } = claims
  if (!Array.isArray(digests) || algorithm !== 'sha-256') throw new Malformed('body: not an SD-JWT with SHA-256')
  for (const text of disclosures) {
    const [salt, name, value, ...more] = jsonOf(text, 'disclosure')
    if (typeof salt !== 'string' || typeof name !== 'string' || more.length || Object.hasOwn(members, name)) {
      throw new Malformed('disclosure: not [salt, member, value]')
    }
    if (!digests.includes(base64url(sha256(ascii(text))))) throw new Malformed('disclosure: fits no digest of the body')
    members[name] = value
  }
  return members
}
