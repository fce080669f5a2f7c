// SPDX-License-Identifier: Apache-2.0
// The bundle, by the rules of leafproof/bundle.py. Nothing in it is believed for being in it.
import { decodeDeterministic, hex, isBytes, isCount, Malformed } from './encoding.js'
import { MAX_NOTE } from './note.js'
import { lot } from './values.js'

const MAX_BUNDLE = 64 << 20
const MAX_ITEMS = 100_000

// Which log a statement is for; `name` is the same for the same log.
export function readLog(value, what) {
  const [chain, contract, id] = Array.isArray(value) && value.length === 3 ? value : []
  if (!isCount(chain) || !chain || !isBytes(contract, 20) || !isBytes(id, 32)) {
    throw new Malformed(`${what}: not [chain id, contract of 20 bytes, log id of 32 bytes]`)
  }
  return { chain, contract: hex(contract), id: hex(id), name: `${chain} ${hex(contract)} ${hex(id)}` }
}

export function readBundle(bytes) {
  const value = decodeDeterministic(bytes, 'bundle', MAX_BUNDLE)
  const [magic, version, named, keys, heads, items, ...rest] = Array.isArray(value) && value.length >= 6 ? value : []
  const good =
    magic === 'leafproof-bundle' && version === 1 && [named, keys, heads, items].every(Array.isArray) &&
    named.length === 2 && named.every((part) => typeof part === 'string')
  if (!good) throw new Malformed('bundle: not a Leafproof bundle of version 1')
  if (keys.length > MAX_ITEMS || items.length > MAX_ITEMS || !keys.every((key) => isBytes(key))) {
    throw new Malformed(`bundle: keys are not byte strings, or more than ${MAX_ITEMS} parts`)
  }
  const [checkpoints = []] = rest
  if (rest.length > 1 || (rest.length && !(Array.isArray(checkpoints) && checkpoints.length)) || checkpoints.length > heads.length) {
    throw new Malformed('bundle: what stands behind the statements is not a checkpoint or more')
  }
  return {
    lot: lot(...named),
    keys,
    heads: heads.map(readHead),
    items: items.map((item) => readItem(item, heads.length)),
    checkpoints: checkpoints.map((checkpoint) => readWitnessed(checkpoint, heads.length)),
  }
}

// A checkpoint as a signed note, and for heads, by their places, the proofs by which it extends them.
function readWitnessed(value, heads) {
  const [note, proofs] = Array.isArray(value) && value.length === 2 ? value : []
  if (!isBytes(note) || note.length > MAX_NOTE || !Array.isArray(proofs) || proofs.length > heads) {
    throw new Malformed('bundle.checkpoints: not [note, proofs]')
  }
  for (const proof of proofs) {
    const [head, path] = Array.isArray(proof) && proof.length === 2 ? proof : []
    if (!isCount(head) || head >= heads || !Array.isArray(path) || !path.every((hash) => isBytes(hash))) {
      throw new Malformed('bundle.checkpoints: not [head, proof]')
    }
  }
  return { note, proofs }
}

function readHead(value) {
  const [log, size, root] = Array.isArray(value) && value.length === 3 ? value : []
  if (!isCount(size) || !size || !isBytes(root, 32)) throw new Malformed('bundle.heads: not [log, size, root]')
  return { log: readLog(log, 'bundle.heads'), size, root }
}

function readItem(value, heads) {
  const [envelope, body, disclosures, index, head, path] = Array.isArray(value) && value.length === 6 ? value : []
  const good =
    isBytes(envelope) && (body === null || isBytes(body)) && Array.isArray(disclosures) &&
    disclosures.every((text) => typeof text === 'string') && isCount(index) && isCount(head) && head < heads &&
    Array.isArray(path) && path.every((hash) => isBytes(hash))
  if (!good) throw new Malformed('bundle.statements: not [envelope, body, disclosures, index, head, path]')
  return { envelope, body, disclosures, index, head, path }
}
