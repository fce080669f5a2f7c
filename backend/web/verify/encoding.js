// SPDX-License-Identifier: Apache-2.0
// Bytes, text and strict CBOR, as leafproof/cbor.py reads it: bounded, definite lengths, no floats, one form only.
import { decode as decodeCbor, encode, Tokenizer, Type } from 'cborg'

// What breaks a rule; its message says which, in the kernel's words.
export class Malformed extends Error {}

const MAX_DEPTH = 12
const plain = {
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  rejectDuplicateMapKeys: true,
  useMaps: true,
}

export function equal(a, b) {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

function within(value, levels) {
  if (Array.isArray(value)) return levels > 0 && value.every((one) => within(one, levels - 1))
  if (value instanceof Map) return levels > 0 && [...value].every((pair) => pair.every((one) => within(one, levels - 1)))
  return true
}

function read(data, what, limit, options) {
  if (data.length > limit) throw new Malformed(`${what}: ${data.length} bytes, at most ${limit} are read`)
  let value
  try {
    value = decodeCbor(data, options)
  } catch {
    throw new Malformed(`${what}: not well-formed CBOR`)
  }
  if (!within(value, MAX_DEPTH)) throw new Malformed(`${what}: not well-formed CBOR`)
  return value
}

// One item that fills `data`. A float that is whole comes out of the decoder like an integer, and is none.
export function decode(data, what, limit) {
  const value = read(data, what, limit, plain)
  for (const tokens = new Tokenizer(data, plain); !tokens.done(); ) {
    if (tokens.next().type === Type.float) throw new Malformed(`${what}: holds a float`)
  }
  return value
}

// The same, and in deterministic encoding (RFC 8949 4.2.1).
export function decodeDeterministic(data, what, limit) {
  const value = read(data, what, limit, { ...plain, strict: true })
  let again
  try {
    again = encode(value)
  } catch {
    throw new Malformed(`${what}: holds a value of a foreign type`)
  }
  if (!equal(again, data)) throw new Malformed(`${what}: not in deterministic encoding`)
  return value
}

export { encode }

export const isBytes = (value, size) => value instanceof Uint8Array && (size === undefined || value.length === size)

export const isWhole = (value) => Number.isSafeInteger(value) || typeof value === 'bigint'

// Unsigned, below 2^63.
export const isCount = (value) => isWhole(value) && value >= 0 && value < 1n << 63n

export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export function fromHex(text) {
  if (typeof text !== 'string' || !/^0x([0-9a-f]{2})*$/i.test(text)) throw new Malformed('not 0x and pairs of hexadecimal digits')
  const bytes = new Uint8Array(text.length / 2 - 1)
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(text.slice(2 * i + 2, 2 * i + 4), 16)
  return bytes
}

// A big-endian number.
export const number = (bytes) => BigInt('0x0' + hex(bytes))

export function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

export const utf8 = (text) => new TextEncoder().encode(text)

export function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
}

export function fromBase64url(text) {
  if (typeof text !== 'string' || !/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) throw new Malformed('not base64url')
  const binary = atob(text.replace(/-/g, '+').replace(/_/g, '/'))
  return Uint8Array.from(binary, (character) => character.charCodeAt(0))
}
