// SPDX-License-Identifier: Apache-2.0
// The log's Merkle tree (RFC 9162 2.1, SHA-256), as leafproof/tree.py has it.
import { sha256 } from '@noble/hashes/sha2.js'
import { isBytes, Malformed } from './encoding.js'

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
