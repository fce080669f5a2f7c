// SPDX-License-Identifier: Apache-2.0
// From a node's JSON to events of the contracts, as leafproof/chain/decode.py reads them: exactly the form that
// the contract's ABI gives. Text that is not UTF-8 is read with replacement characters: anybody may write that.
import { keccak_256 } from '@noble/hashes/sha3.js'
import { fromHex, hex, Malformed, number, utf8 } from './encoding.js'
import { quantity } from './node.js'

// Each event's signature, and how many of its values (the first ones) are indexed; contracts/interfaces.
const EVENTS = new Map(
  [
    ['Opened(bytes32,address,string)', 2],
    ['Extended(bytes32,uint64,bytes32)', 2],
    ['OperatorAdmitted(address,string)', 1],
    ['OperatorRemoved(address)', 1],
    ['RegistrarAccredited(address,string)', 1],
    ['RegistrarWithdrawn(address)', 1],
    ['KeyRegistered(bytes32,address,uint8,bytes32,string,bytes,bytes)', 2],
    ['KeyAttested(bytes32,address,address,bytes32)', 3],
    ['AttestationWithdrawn(bytes32,address,address)', 3],
    ['KeyRetired(bytes32,address,uint64,uint64)', 2],
    ['KeyCompromised(bytes32,address)', 2],
    ['LotMinted(bytes32,address,bytes32,uint8)', 2],
    ['RecordSet(bytes32,uint32,bytes32,bytes32,uint64)', 2],
    ['Consumed(bytes32,bytes32,address,uint256)', 3],
    ['RegistryAdmitted(bytes32,string)', 1],
    ['RegistryRemoved(bytes32)', 1],
    ['RegistrarAppointed(bytes32,address)', 2],
    ['RegistrarDismissed(bytes32,address)', 2],
    ['Claimed(bytes32,bytes32,address,uint128,uint128,bytes32)', 3],
    ['FootprintNamed(bytes32,bytes32,uint32,uint128,bytes32)', 3],
    ['Attested(bytes32,bytes32,address,uint128,bytes32)', 3],
    ['Rejected(bytes32,bytes32,address,uint128,bytes32)', 3],
    ['SchemeAdmitted(bytes32,address,string)', 2],
    ['SchemeRemoved(bytes32)', 1],
    ['SchemeTransferred(bytes32,address,address)', 3],
    ['SchemePublished(bytes32,uint32,bytes32)', 2],
    ['CertifierAccredited(bytes32,address,uint64,uint64,bytes32)', 2],
    ['AccreditationWithdrawn(bytes32,address)', 2],
    ['LabelIssued(bytes32,bytes32,address,bytes32,bytes32,uint32,uint64,uint64)', 3],
    ['LabelSuspended(bytes32,address,bytes32)', 2],
    ['LabelResumed(bytes32,address)', 2],
    ['LabelRevoked(bytes32,address,bytes32)', 2],
    ['MarketAdmitted(bytes32,address,string)', 2],
    ['Recognised(bytes32,bytes32,bytes32,uint8,uint64,uint64,bytes32)', 3],
    ['RecognitionWithdrawn(bytes32,bytes32,bytes32)', 3],
    ['Proposed(bytes32,address)', 2],
    ['Refused(bytes32,bytes32)', 1],
    ['Adopted(uint32,bytes32,uint64)', 2],
  ].map(([signature, indexed]) => {
    const [name, types] = signature.slice(0, -1).split('(')
    return [name, { name, topic: '0x' + hex(keccak_256(utf8(signature))), types: types.split(','), indexed }]
  }),
)

export const topic = (name) => EVENTS.get(name).topic

// One log of eth_getLogs as {name, block, blockHash, place, values}; it must be one of the events `names` of the
// contract at `address`. Addresses, hashes and ids come as hexadecimal digits, numbers as BigInt.
export function decodeEvent(raw, address, names) {
  const block = quantity(raw?.blockNumber, 'log.blockNumber')
  const index = quantity(raw.logIndex, 'log.logIndex')
  const where = `event in transaction 0x${hex(fromHex(raw.transactionHash))} log ${index}`
  try {
    if (hex(fromHex(raw.address)) !== address.slice(2)) throw new Malformed('address: not one of the trusted contracts')
    if (raw.removed) throw new Malformed('removed: the block of this log is no longer part of the chain')
    const [first, ...topics] = Array.isArray(raw.topics) ? raw.topics.map(fromHex) : []
    const event = names.map((name) => EVENTS.get(name)).find((one) => first && one.topic === '0x' + hex(first))
    if (!event) throw new Malformed('topics: not an event that was asked for')
    if (topics.length !== event.indexed || topics.some((word) => word.length !== 32)) {
      throw new Malformed(`topics: ${topics.length} values are indexed, not ${event.indexed}`)
    }
    const indexed = topics.map((word, i) => single(event.types[i], word))
    const values = [...indexed, ...inData(event.types.slice(event.indexed), fromHex(raw.data))]
    return { name: event.name, block, blockHash: hex(fromHex(raw.blockHash)), index, where, values }
  } catch (error) {
    throw new Malformed(`${where}: ${error instanceof Malformed ? error.message : 'cannot be read'}`)
  }
}

function single(type, word) {
  if (type === 'bytes32') return hex(word)
  const value = number(word)
  const bits = type === 'address' ? 160 : Number(type.slice('uint'.length))
  if (value >> BigInt(bits)) throw new Malformed(`topics: a number has more than ${bits} bits`)
  return type === 'address' ? hex(word.subarray(12)) : value
}

// Values in the one canonical encoding of the ABI: what has no fixed size follows in order, padded with zeros.
function inData(types, data) {
  let tail = 32 * types.length
  const at = (place) => {
    if (place + 32 > data.length) throw new Malformed('data: not what the ABI gives')
    return data.subarray(place, place + 32)
  }
  const values = types.map((type, i) => {
    if (type !== 'string' && type !== 'bytes') return single(type, at(32 * i))
    if (number(at(32 * i)) !== BigInt(tail)) throw new Malformed('data: not in canonical encoding')
    const length = number(at(tail))
    if (length > data.length) throw new Malformed('data: not what the ABI gives')
    const start = tail + 32
    const end = start + Number(length)
    tail = start + 32 * Math.ceil(Number(length) / 32)
    if (tail > data.length || data.subarray(end, tail).some((byte) => byte)) throw new Malformed('data: not in canonical encoding')
    const bytes = data.slice(start, end)
    return type === 'string' ? new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes) : bytes
  })
  if (tail !== data.length) throw new Malformed('data: not in canonical encoding')
  return values
}
