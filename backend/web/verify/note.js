// SPDX-License-Identifier: Apache-2.0
// Signed notes (C2SP signed-note) and cosigned checkpoints (tlog-checkpoint, tlog-cosignature), by the rules of
// leafproof/note.py and leafproof/checkpoint.py.
import { sha256 } from '@noble/hashes/sha2.js'
import { concat, equal, hex, Malformed, utf8 } from './encoding.js'
import { EDDSA, SIGNATURE_SIZE, verifies } from './keys.js'

export const MAX_NOTE = 128 << 10
const MAX_SIGNATURES = 100
const MAX_NAME = 255
const COSIGNATURE = 0x04
const [ID, TIME, KEY, HASH] = [4, 8, 32, 32] // bytes
const LATEST = (1n << 63n) - 1n

function fromBase64(text) {
  let binary
  try {
    binary = atob(text)
  } catch {
    throw new Malformed('not base64')
  }
  if (btoa(binary) !== text) throw new Malformed('not base64 in its one form')
  return Uint8Array.from(binary, (character) => character.charCodeAt(0))
}

function keyName(name) {
  if (!/^[^\p{C}\p{Z}+]+$/u.test(name) || [...name].length > MAX_NAME) throw new Malformed('key name: not printable, without spaces and plus signs')
  return name
}

// A cosigner's key in its one line.
export function readWitness(vkey) {
  const [, name, id, encoded] = /^([^+]*)\+([^+]*)\+(.*)$/s.exec(vkey) ?? []
  if (encoded === undefined) throw new Malformed('vkey: not <name>+<key id>+<key>')
  const data = fromBase64(encoded)
  if (data.length !== 1 + KEY || data[0] !== COSIGNATURE) throw new Malformed("vkey: not an Ed25519 cosigner's")
  const keyId = sha256(concat(utf8(keyName(name) + '\n'), data)).subarray(0, ID)
  if (id !== hex(keyId)) throw new Malformed('vkey: its id is not that of its name and key')
  return { name, keyId, algorithm: EDDSA, point: data.subarray(1) }
}

function readSignature(line) {
  const [, name, encoded] = /^\u2014 ([^ ]*) (.*)$/su.exec(line) ?? []
  if (encoded === undefined) throw new Malformed('note: a signature line does not begin with a dash')
  const data = fromBase64(encoded)
  if (data.length <= ID) throw new Malformed('note: a signature is empty')
  return { name: keyName(name), keyId: data.subarray(0, ID), value: data.subarray(ID) }
}

function readNote(bytes) {
  if (bytes.length > MAX_NOTE) throw new Malformed('note: too long')
  let whole
  try {
    whole = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new Malformed('note: not UTF-8')
  }
  if (/[\0-\x09\x0b-\x1f]/.test(whole)) throw new Malformed('note: has control characters')
  const gap = whole.lastIndexOf('\n\n')
  const lines = whole.slice(gap + 2)
  if (gap < 0 || !lines.endsWith('\n')) throw new Malformed('note: not a text, a blank line and signatures')
  const signatures = lines.slice(0, -1).split('\n')
  if (signatures.length > MAX_SIGNATURES) throw new Malformed('note: too many signatures')
  return { text: whole.slice(0, gap + 1), signatures: signatures.map(readSignature) }
}

export function readCheckpoint(bytes) {
  const note = readNote(bytes)
  const lines = note.text.slice(0, -1).split('\n')
  if (lines.length < 3 || !lines.every(Boolean)) throw new Malformed('checkpoint: not lines of origin, size and root')
  const [origin, size, encoded] = lines
  const root = fromBase64(encoded)
  if (root.length !== HASH) throw new Malformed('checkpoint: its root has not 32 bytes')
  if (!/^(0|[1-9][0-9]{0,18})$/.test(size) || BigInt(size) > LATEST) throw new Malformed('checkpoint: not a decimal number')
  return { ...note, origin, size: BigInt(size), root }
}

export const originOf = (log) => `leafproof/${log.chain}/0x${log.contract}/${log.id}`

// Those of `witnesses` that cosigned. Raises where one of their signatures does not verify.
export function cosignedBy({ text, signatures }, witnesses) {
  const found = []
  for (const witness of witnesses) {
    const own = signatures.filter(({ name, keyId }) => name === witness.name && equal(keyId, witness.keyId))
    for (const { value } of own) {
      const time = value.length === TIME + SIGNATURE_SIZE ? BigInt('0x' + hex(value.subarray(0, TIME))) : LATEST + 1n
      const signed = utf8(`cosignature/v1\ntime ${time}\n${text}`)
      if (time > LATEST || !verifies(witness, value.subarray(TIME), signed)) throw new Malformed('the signature does not verify')
    }
    if (own.length) found.push(witness.name)
  }
  return found
}
