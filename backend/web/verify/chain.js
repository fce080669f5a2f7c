// SPDX-License-Identifier: Apache-2.0
// What the chain holds, asked of a node by JSON-RPC: the heads of one log, final for the reader.
import { sha256 } from '@noble/hashes/sha2.js'
import { equal, fromHex, hex, Malformed } from './encoding.js'

// keccak-256 of "Extended(bytes32,uint64,bytes32)", contracts/interfaces/ITransparencyLog.sol
const EXTENDED = '0x0416bafb708f40a23e201acf70d8cf97be3fcb09a7f84ed85c2053c4bd6b198b'
// the first four bytes of keccak-256 of "head(bytes32)"
const HEAD = '0xf339e3b2'
const TIMEOUT = 15000 // milliseconds

export class Unreachable extends Error {}

const word = (value) => '0x' + BigInt(value).toString(16).padStart(64, '0')
const quantity = (value) => {
  if (typeof value !== 'string' || !/^0x[0-9a-f]{1,16}$/i.test(value)) throw new Malformed('the node gave no number')
  return Number(value)
}

export function node(url) {
  return async (method, ...params) => {
    let answer
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 0, method, params }),
        credentials: 'omit',
        referrerPolicy: 'no-referrer',
        signal: AbortSignal.timeout(TIMEOUT),
      })
      answer = await response.json()
    } catch {
      throw new Unreachable()
    }
    if (answer?.error || answer?.result === undefined) throw new Unreachable()
    return answer.result
  }
}

// Is this the chain, and the contract, that `trust` names? Raises `Malformed` with what differs.
export async function identify(rpc, trust) {
  if (quantity(await rpc('eth_chainId')) !== trust.chain_id) throw new Malformed('the node serves another chain')
  const block = await rpc('eth_getBlockByNumber', '0x0', false)
  if (block?.hash !== trust.genesis) throw new Malformed('the node serves a chain with another first block')
  const code = await rpc('eth_getCode', trust.log.address, 'latest')
  if (hex(sha256(fromHex(code))) !== trust.log.code_sha256) throw new Malformed('the contract has other code')
}

// For each head {size, root} of log `id`: {block, time} once it is final, {unsettled: block},
// {pending: size held} for what is still to come, or 'unknown'.
export async function heads(rpc, trust, id, wanted) {
  const latest = quantity(await rpc('eth_blockNumber'))
  const found = await rpc('eth_getLogs', {
    address: trust.log.address,
    topics: [EXTENDED, '0x' + hex(id), wanted.map(({ size }) => word(size))],
    fromBlock: '0x' + trust.deployed_block.toString(16),
    toBlock: 'latest',
  })
  if (!Array.isArray(found)) throw new Unreachable()
  const result = []
  for (const { size, root } of wanted) {
    const event = found.find((entry) => entry?.topics?.[2] === word(size) && entry.address?.toLowerCase() === trust.log.address)
    if (!event) {
      const held = await current(rpc, trust, id)
      result.push(held < BigInt(size) ? { pending: held } : 'unknown')
    } else if (!equal(fromHex(event.data), root)) {
      result.push('unknown')
    } else {
      const number = quantity(event.blockNumber)
      const block = await rpc('eth_getBlockByNumber', event.blockNumber, false)
      const settled = latest - number + 1 >= trust.finality_blocks && block?.hash === event.blockHash
      result.push(settled ? { block: number, time: quantity(block.timestamp) } : { unsettled: number })
    }
  }
  return result
}

// Size of the log's present head: head(bytes32) returns (uint64 size, bytes32 root).
async function current(rpc, trust, id) {
  const answer = fromHex(await rpc('eth_call', { to: trust.log.address, data: HEAD + hex(id) }, 'latest'))
  if (answer.length !== 64) throw new Malformed('the contract gave no head')
  return BigInt('0x' + hex(answer.subarray(0, 32)))
}
