// SPDX-License-Identifier: Apache-2.0
// Bytes, text and strict CBOR, as leafproof/cbor.py reads it: bounded, definite lengths, no floats, one form only.
import { decode, encode } from 'cborg'

export class Malformed extends Error {}

const strict = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  rejectDuplicateMapKeys: true,
  useMaps: true,
}

export function equal(a, b) {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

// One item that fills `data`, in deterministic encoding (RFC 8949 4.2.1).
export function decodeDeterministic(data, what) {
  let value, again
  try {
    value = decode(data, strict)
    again = encode(value)
  } catch {
    throw new Malformed(`${what}: not well-formed CBOR`)
  }
  if (!equal(again, data)) throw new Malformed(`${what}: not in deterministic encoding`)
  return value
}

export { encode }

export const isBytes = (value, size) => value instanceof Uint8Array && (size === undefined || value.length === size)

export const isCount = (value) =>
  (Number.isSafeInteger(value) && value >= 0) || (typeof value === 'bigint' && value >= 0n && value < 1n << 63n)

export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export function fromHex(text) {
  if (!/^0x([0-9a-f]{2})*$/i.test(text)) throw new Malformed('not hexadecimal')
  return Uint8Array.from(text.slice(2).match(/../g) ?? [], (pair) => parseInt(pair, 16))
}

export const ascii = (text) => new TextEncoder().encode(text)

export function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
}

export function fromBase64url(text) {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) throw new Malformed('not base64url')
  const binary = atob(text.replace(/-/g, '+').replace(/_/g, '/'))
  return Uint8Array.from(binary, (character) => character.charCodeAt(0))
}

export function jsonOf(text, what) {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(fromBase64url(text)))
  } catch {
    throw new Malformed(`${what}: not base64url of JSON`)
  }
}
