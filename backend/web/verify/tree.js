// SPDX-License-Identifier: Apache-2.0
// The log's Merkle tree (RFC 9162 2.1, SHA-256), as leafproof/tree.py has it.
import { sha256 } from '@noble/hashes/sha2.js'
import { equal, isBytes, Malformed } from './encoding.js'

const EMPTY_ROOT = sha256(new Uint8Array())
const MAX_PROOF = 64 // a tree of 2^63 leaves has no longer one

function tagged(tag, ...parts) {
  const hash = sha256.create().update(Uint8Array.of(tag))
  for (const part of parts) hash.update(part)
  return hash.digest()
}

export const leafHash = (entry) => tagged(0, entry)
export const nodeHash = (left, right) => tagged(1, left, right)

// The root to which `path` leads from `leaf` at `index` (RFC 9162 2.1.3.2). Numbers may be BigInt.
export function rootFromPath(leaf, index, size, path) {
  if (path.length > MAX_PROOF || !path.every((hash) => isBytes(hash, 32))) {
    throw new Malformed('the inclusion proof is not made of hashes')
  }
  let fn = BigInt(index)
  let sn = BigInt(size) - 1n
  if (fn > sn) throw new Malformed(`a log of ${size} entries has no entry ${index}`)
  let node = leaf
  for (const sibling of path) {
    if (sn === 0n) throw new Malformed('the inclusion proof is too long')
    if (fn & 1n || fn === sn) {
      node = nodeHash(sibling, node)
      while (!(fn & 1n) && fn) {
        fn >>= 1n
        sn >>= 1n
      }
    } else {
      node = nodeHash(node, sibling)
    }
    fn >>= 1n
    sn >>= 1n
  }
  if (sn !== 0n) throw new Malformed('the inclusion proof is too short')
  return node
}

// Raises unless the tree of `size` leaves extends that of `old` (RFC 9162 2.1.4.2). Numbers may be BigInt.
export function checkConsistency(old, oldRoot, size, root, proof) {
  const refuse = () => new Malformed('the consistency proof does not lead from the old root to the new one')
  const [first, last] = [BigInt(old), BigInt(size)]
  if (first > last || proof.length > MAX_PROOF || !proof.every((hash) => isBytes(hash, 32))) throw refuse()
  if (first === 0n || first === last) {
    if (proof.length || !equal(oldRoot, first === last ? root : EMPTY_ROOT)) throw refuse()
    return
  }
  const path = first & (first - 1n) ? [...proof] : [oldRoot, ...proof]
  if (!path.length) throw refuse()
  let [fn, sn] = [first - 1n, last - 1n]
  while (fn & 1n) [fn, sn] = [fn >> 1n, sn >> 1n]
  let [left, right] = [path[0], path[0]]
  for (const sibling of path.slice(1)) {
    if (sn === 0n) throw refuse()
    if (fn & 1n || fn === sn) {
      ;[left, right] = [nodeHash(sibling, left), nodeHash(sibling, right)]
      while (!(fn & 1n) && fn) [fn, sn] = [fn >> 1n, sn >> 1n]
    } else {
      right = nodeHash(right, sibling)
    }
    ;[fn, sn] = [fn >> 1n, sn >> 1n]
  }
  if (sn !== 0n || !equal(left, oldRoot) || !equal(right, root)) throw refuse()
}
