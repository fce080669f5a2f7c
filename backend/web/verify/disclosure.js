// SPDX-License-Identifier: Apache-2.0
// Selective disclosure (SD-JWT, RFC 9901), by the stricter rules of leafproof/disclosure.py: only the members that a
// statement lists may be withheld, each by one digest at the top, and nothing below it.
import { sha256 } from '@noble/hashes/sha2.js'
import { decode, base64url, fromBase64url, isBytes, Malformed, utf8 } from './encoding.js'
import { parseBytes } from './json.js'
import { ES256, verifies } from './keys.js'

const MAX_DISCLOSURES = 64
const MAX_DISCLOSURE = 1 << 20
const MAX_BODY = 1 << 20
const SALT_SIZE = 16
const HIDING = ['_sd', '...', '_sd_alg']

// The one item of a body behind its salt.
export function bodyContent(data) {
  const value = decode(data, 'body', MAX_BODY)
  if (!Array.isArray(value) || value.length !== 2) throw new Malformed('body: not [salt, and 1 more]')
  if (!isBytes(value[0], SALT_SIZE)) throw new Malformed(`body: does not start with a salt of ${SALT_SIZE} bytes`)
  return value[1]
}

const jsonOf = (text, what) => parseBytes(fromBase64url(text), what)

function opened(text) {
  const value = jsonOf(text, 'disclosure')
  const [salt, name, member] = Array.isArray(value) && value.length === 3 ? value : []
  if (typeof salt !== 'string' || typeof name !== 'string') throw new Malformed('disclosure: not [salt, member, value]')
  return { name, member, digest: base64url(sha256(utf8(text))) }
}

function hidesNothingBelow(value) {
  if (Array.isArray(value)) return value.every(hidesNothingBelow)
  if (value instanceof Map) return !HIDING.some((name) => value.has(name)) && [...value.values()].every(hidesNothingBelow)
  return true
}

// The members that `disclosures` open, checked against the body's digests and the JWT's signature; `withheld` are
// the members that may be withheld, `kind` is the JWT's `typ`.
export function readDisclosed(data, disclosures, key, issuer, kind, withheld) {
  const jwt = bodyContent(data)
  if (typeof jwt !== 'string' || jwt.includes('~') || disclosures.length > MAX_DISCLOSURES) {
    throw new Malformed('body: not an issuer-signed JWT')
  }
  if (disclosures.some((text) => text.includes('~') || text.length > MAX_DISCLOSURE)) {
    throw new Malformed("disclosure: not a disclosure's text")
  }
  const { header, claims } = signedParts(jwt, key)
  const given = disclosures.map(opened)
  const members = unpacked(claims, given, withheld)
  const algorithm = key.algorithm === ES256 ? 'ES256' : 'EdDSA'
  const expected = header instanceof Map && header.size === 2 && header.get('alg') === algorithm && header.get('typ') === kind
  if (!expected || members.get('iss') !== issuer) throw new Malformed('body: the SD-JWT is of another kind, or by another issuer')
  members.delete('iss')
  if (given.some(({ name }) => !members.has(name))) throw new Malformed('disclosure: fits no digest of the body')
  return members
}

function signedParts(jwt, key) {
  const [head, payload, signature, ...rest] = jwt.split('.')
  if (rest.length || signature === undefined) throw new Malformed('body: not an issuer-signed JWT')
  if (!verifies(key, fromBase64url(signature), utf8(`${head}.${payload}`), false)) {
    throw new Malformed('body: not a valid SD-JWT (InvalidJWSSignature)')
  }
  const claims = jsonOf(payload, 'body')
  if (!(claims instanceof Map)) throw new Malformed('body: not an issuer-signed JWT')
  return { header: jsonOf(head, 'body'), claims }
}

function unpacked(claims, given, withheld) {
  const digests = claims.get('_sd') ?? []
  const algorithm = claims.has('_sd_alg') ? claims.get('_sd_alg') : 'sha-256'
  if (algorithm !== 'sha-256') throw new Malformed('body: not an SD-JWT with SHA-256')
  const members = new Map([...claims].filter(([name]) => name !== '_sd' && name !== '_sd_alg'))
  const inTheClear = withheld.filter((name) => claims.has(name)).length
  // Each member that may be withheld has one place: in the clear, or one digest.
  if (!Array.isArray(digests) || digests.length + inTheClear > withheld.length) {
    throw new Malformed('body: has more digests than members that may be withheld')
  }
  if (!given.every(({ name }) => withheld.includes(name))) throw new Malformed('disclosure: of a member that may not be withheld')
  if (![...members.values(), ...given.map(({ member }) => member)].every(hidesNothingBelow)) {
    throw new Malformed('body: withholds parts of a member')
  }
  const fitting = given.filter(({ digest }) => digests.includes(digest))
  if (new Set(digests).size !== digests.length || new Set(given.map(({ digest }) => digest)).size !== given.length) {
    throw new Malformed('body: one digest twice')
  }
  for (const { name, member } of fitting) {
    if (members.has(name)) throw new Malformed('body: one member twice')
    members.set(name, member)
  }
  return members
}
