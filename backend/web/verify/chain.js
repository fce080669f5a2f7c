// SPDX-License-Identifier: Apache-2.0
// Reading the chain that the trust file names, from a node that need not be believed about which chain it is, in the
// order of leafproof/client/chain_reader.py. Only what the bundle asks about is read, in few questions.
import { sha256 } from '@noble/hashes/sha2.js'
import { CLAIM_EVENTS, REGISTRY_EVENTS } from './claimed.js'
import { CLASSIFIED } from './classification.js'
import { fromHex, hex, Malformed, number } from './encoding.js'
import { decodeEvent, topic } from './events.js'
import { before, ChainState, KEY_EVENTS, LOT_EVENTS, lotId, OPERATOR_EVENTS } from './fold.js'
import { CHANGE_EVENTS, SCHEME_EVENTS } from './labelled.js'
import { LIST_EVENTS } from './listed.js'
import { quantity, Refused, Unreachable } from './node.js'
import { RECORD } from './statement.js'
import { LATEST } from './values.js'

const HEAD = '0xf339e3b2' // the first four bytes of keccak-256 of "head(bytes32)"
const IDS = 100 // asked for in one question
const POINTER_GRACE = 3600 // seconds from a record's anchor in which its lot's pointer may still be under way
const FIRST_RANGE = 2000 // blocks: what public providers allow at the least

const word = (value) => '0x' + BigInt(value).toString(16).padStart(64, '0')
const tag = (block) => '0x' + block.toString(16)

// What the chain says about the `statements` and `heads` of a bundle:
// * now: the time of the newest block that is final;
// * operators, registrars, keys, unproven, lots, claims, labelling, list: see `ChainState`, up to the newest block that is final;
// * heads: by head, {block, time} once it is final, {unsettled: block} before, {pending: size} with the newest size
//   that the chain holds, or 'unknown', or 'no log';
// * anchoredBefore(statement, moment): did the chain hold a head that covers it by then?
// * notBefore(statement): when was the newest head anchored that does not have it? Of classifications of labelled lots.
// * covered: by id, when the chain first held a head that covers it, of plans by which records estimate; now, if never;
// * pointerUnderWay(record): may the chain not have been told yet that its lot points to it?
export async function readChain(node, trust, statements, heads, pause) {
  const reader = new Reader(node, trust)
  await reader.identify()
  await reader.fixFinalBlock()
  const chain = new ChainState(trust)
  const keyIds = [...new Set(statements.map(({ keyId }) => keyId))]
  const registry = [...(await reader.events('KeyRegistry', OPERATOR_EVENTS)), ...(await reader.about('KeyRegistry', KEY_EVENTS, keyIds))]
  await chain.take(ordered(registry), pause)
  chain.heads = await reader.heads(heads)
  chain.anchoredBefore = await reader.anchoring(chain, statements)
  const records = statements.filter(({ kind, content }) => kind === RECORD && content)
  chain.covered = await reader.covered(estimating(records, statements))
  const ids = records.map(({ keyId, content }) => chain.keys.has(keyId) && lotId(chain.keys.get(keyId).operator, content.of))
  const lots = [...new Set(ids.filter(Boolean))]
  await chain.take(ordered(await reader.about('LotRegistry', LOT_EVENTS, lots)), pause)
  const claims = await reader.about('CertificateClaims', CLAIM_EVENTS, lots)
  if (claims.length) {
    const registries = await reader.events('CertificateClaims', REGISTRY_EVENTS)
    await chain.take(ordered([...registries, ...claims]), pause)
  }
  await chain.take(await reader.labels(lots), pause)
  const classified = statements.filter(({ kind, content }) => kind === CLASSIFIED && content)
  const labelled = new Set([...chain.labelling.labels.values()].map(({ subject }) => subject))
  const isLabelled = ({ keyId, content }) => chain.keys.has(keyId) && labelled.has(lotId(chain.keys.get(keyId).operator, content.of))
  chain.notBefore = await reader.missing(classified.filter(isLabelled))
  if (classified.length) await chain.take(await reader.dated(await reader.events('Classification', LIST_EVENTS)), pause)
  chain.now = reader.final.time
  for (const { id, versions } of chain.lots.values()) {
    if (!versions.length) throw new Malformed(`lot: ${id} was minted without a record`)
  }
  const unpointed = records.filter(({ leaf }, i) => !chain.lots.get(ids[i])?.versions.some((version) => version.leaf === leaf))
  chain.pointerUnderWay = await reader.pointing(unpointed)
  await reader.checkFinalBlock()
  return chain
}

// The metering plans by which records estimate.
function estimating(records, statements) {
  const named = records.filter(({ content }) => content.activity?.some(({ estimated }) => estimated))
  const plans = new Set(named.map(({ content }) => content.plan))
  return statements.filter(({ id }) => plans.has(id))
}

const ordered = (events) => events.sort((a, b) => a.block - b.block || a.index - b.index)

class Reader {
  constructor(node, trust) {
    this.node = node
    this.trust = trust
  }

  // Is this the chain, with the contracts, that the trust file names?
  async identify() {
    const chain = quantity(await this.node.call('eth_chainId'), 'chain id')
    const { hash } = await this.block(0)
    if (chain !== this.trust.chain_id || hash !== this.trust.genesis) {
      throw new Malformed(`the node serves another chain: id ${chain} with genesis ${hash}, not id ${this.trust.chain_id} with genesis ${this.trust.genesis}`)
    }
    const contracts = Object.entries(this.trust.contracts)
    const codes = await this.node.callMany('eth_getCode', contracts.map(([, { address }]) => [address, 'latest']))
    for (const [i, [name, contract]] of contracts.entries()) {
      const code = fromHex(codes[i])
      if (hex(sha256(code)) !== contract.code_sha256) {
        throw new Malformed(`${name} at ${contract.address} has ${code.length ? 'other' : 'no'} code, not the code that the trust file names`)
      }
    }
  }

  async fixFinalBlock() {
    this.latest = quantity(await this.node.call('eth_blockNumber'), 'block number')
    const last = this.latest - this.trust.finality_blocks + 1
    if (last < this.trust.deployed_block) throw new Unreachable('the contracts are not final on the chain yet')
    this.final = await this.block(last)
  }

  async checkFinalBlock() {
    const { hash } = await this.block(this.final.block)
    if (hash !== this.final.hash) throw new Unreachable('the chain changed while this device read it')
  }

  async block(wanted) {
    return header(await this.node.call('eth_getBlockByNumber', tag(wanted), false), wanted)
  }

  // Events `names` of a contract from block `first` to `last`, whose further topics are `topics`. A range that is too
  // much for the node is asked for in halves.
  async events(contract, names, topics = [], first = this.trust.deployed_block, last = this.final.block) {
    const { address } = this.trust.contracts[contract]
    const filter = { address, topics: [names.map(topic), ...topics], fromBlock: tag(first), toBlock: tag(last) }
    let found
    try {
      found = await this.node.call('eth_getLogs', filter)
    } catch (error) {
      if (!(error instanceof Refused) || first >= last) throw error
      const middle = Math.floor((first + last) / 2)
      return [
        ...(await this.events(contract, names, topics, first, middle)),
        ...(await this.events(contract, names, topics, middle + 1, last)),
      ]
    }
    if (!Array.isArray(found)) throw new Unreachable()
    return found.map((raw) => {
      const event = decodeEvent(raw, address, names)
      if (event.block < first || event.block > last) throw new Malformed(`log: not of the blocks ${first} to ${last} that were asked for`)
      return event
    })
  }

  // Events whose first value is one of `ids`.
  async about(contract, names, ids) {
    const found = []
    for (let start = 0; start < ids.length; start += IDS) {
      found.push(...(await this.events(contract, names, [ids.slice(start, start + IDS).map((id) => '0x' + id)])))
    }
    return found
  }

  // What was said of labels for these lots, in order, each event with its block's time; without one, nothing.
  async labels(lots) {
    const issued = []
    for (let start = 0; start < lots.length; start += IDS) {
      const subjects = lots.slice(start, start + IDS).map((id) => '0x' + id)
      issued.push(...(await this.events('LabelRegistry', ['LabelIssued'], [null, subjects])))
    }
    if (!issued.length) return []
    const changes = await this.about('LabelRegistry', CHANGE_EVENTS, issued.map(({ values }) => values[0]))
    return this.dated([...(await this.events('LabelRegistry', SCHEME_EVENTS)), ...issued, ...changes])
  }

  // Events in order, each with its block's time.
  async dated(events) {
    const found = ordered(events)
    const blocks = await this.blocksOf(found)
    return found.map((event) => ({ ...event, time: blocks.get(event.block).time }))
  }

  async heads(heads) {
    const found = new Map()
    for (const log of new Set(heads.map((head) => head.log.id))) {
      const wanted = heads.filter((head) => head.log.id === log)
      const events = new Map()
      for (let start = 0; start < wanted.length; start += IDS) {
        const sizes = wanted.slice(start, start + IDS).map(({ size }) => word(size))
        const topics = [['0x' + log], sizes]
        for (const event of await this.events('TransparencyLog', ['Extended'], topics, this.trust.deployed_block, this.latest)) {
          events.set(event.values[1], event)
        }
      }
      const blocks = await this.blocksOf([...events.values()])
      const held = wanted.some((head) => !events.has(BigInt(head.size))) ? await this.size(log) : null
      for (const head of wanted) found.set(head, this.judged(head, events.get(BigInt(head.size)), blocks, held))
    }
    return found
  }

  judged({ size, root }, event, blocks, held) {
    if (!event) return held === null ? 'no log' : held < BigInt(size) ? { pending: held } : 'unknown'
    if (event.values[2] !== hex(root)) return 'unknown'
    return event.block > this.final.block ? { unsettled: event.block } : blocks.get(event.block)
  }

  // {block, time} of each event's block, by number.
  async blocksOf(events) {
    const numbers = [...new Set(events.map(({ block }) => block))]
    const answers = await this.node.callMany('eth_getBlockByNumber', numbers.map((block) => [tag(block), false]))
    const found = new Map(answers.map((answer, i) => [numbers[i], header(answer, numbers[i])]))
    for (const { block, blockHash, where } of events) {
      if (found.get(block).hash !== '0x' + blockHash) throw new Malformed(`${where}: is of another chain than its block`)
    }
    return found
  }

  async isOpen(log) {
    return (await this.about('TransparencyLog', ['Opened'], [log])).length > 0
  }

  // Size of the log's present head: head(bytes32) returns (uint64 size, bytes32 root). Null: there is no such log.
  async size(log) {
    if (!(await this.isOpen(log))) return null
    const call = { to: this.trust.contracts.TransparencyLog.address, data: HEAD + log }
    const answer = fromHex(await this.node.call('eth_call', call, 'latest'))
    if (answer.length !== 64) throw new Malformed('the contract gave no head')
    return number(answer.subarray(0, 32))
  }

  // Whether a head covered a statement by a moment. Heads grow, so that the last one before the moment tells; only
  // moments that end a key or an admission of one of the `statements`, or begin a further admission, are ever asked about.
  async anchoring(chain, statements) {
    const sizes = new Map()
    const place = (log, { block, index }) => `${log} ${block} ${index}`
    for (const { keyId, log } of statements) {
      const key = chain.keys.get(keyId)
      const [, ...turns] = key ? chain.operators.get(key.operator).flatMap(({ admitted, removed }) => [admitted, removed]) : []
      const moments = key ? [...turns, key.compromised, key.retired?.moment] : []
      for (const moment of moments.filter(Boolean)) {
        const asked = place(log.id, moment)
        if (sizes.has(asked)) continue
        sizes.set(asked, (await this.newest(log.id, moment.block, (events) => events.filter((event) => before(event, moment))))?.values[1])
      }
    }
    return ({ log, index }, moment) => sizes.get(place(log.id, moment)) > BigInt(index)
  }

  // Whether the first head that covers a record is younger than `POINTER_GRACE`, or not there yet: the newest head of
  // that age tells. Only `records` that no lot points to are ever asked about.
  async pointing(records) {
    const old = async (events) => {
      const blocks = await this.blocksOf(events)
      return events.filter(({ block }) => this.final.time - blocks.get(block).time >= POINTER_GRACE)
    }
    const sizes = new Map()
    for (const log of new Set(records.map((record) => record.log.id))) {
      if (await this.isOpen(log)) sizes.set(log, (await this.newest(log, this.final.block, old))?.values[1] ?? 0n)
    }
    return ({ log, index }) => sizes.has(log.id) && sizes.get(log.id) <= BigInt(index)
  }

  // When the first head that covers each of `statements` came; heads grow, so that older ones than it need not be asked for.
  async covered(statements) {
    const found = new Map()
    for (const { id, log, index } of statements) {
      const start = this.trust.deployed_block
      let first = null
      for (let last = this.final.block, span = FIRST_RANGE; last >= start; last -= span, span *= 2) {
        const events = ordered(await this.events('TransparencyLog', ['Extended'], [['0x' + log.id]], Math.max(start, last - span + 1), last))
        const holding = events.filter(({ values }) => values[1] > BigInt(index))
        first = holding[0] ?? first
        if (holding.length < events.length) break
      }
      found.set(id, first ? (await this.blocksOf([first])).get(first.block).time : this.final.time)
    }
    return found
  }

  // When the newest head was anchored that does not have one of the `statements`; 0 if there is none.
  async missing(statements) {
    const heads = new Map()
    const without = (events, index) => events.filter(({ values }) => values[1] <= BigInt(index))
    for (const log of new Set(statements.map((one) => one.log.id))) {
      const [mine, seen] = [statements.filter((one) => one.log.id === log), []]
      const first = mine.reduce((a, b) => (b.index < a.index ? b : a)).index
      await this.newest(log, this.final.block, (events) => {
        seen.push(...events)
        return without(events, first)
      })
      for (const one of mine) heads.set(one, ordered(without(seen, one.index)).at(-1))
    }
    const blocks = await this.blocksOf([...heads.values()].filter(Boolean))
    return (statement) => blocks.get(heads.get(statement)?.block)?.time ?? 0
  }

  // The log's newest head up to a block, of those whose events `keep` keeps; undefined if there is none.
  async newest(log, block, keep) {
    const start = this.trust.deployed_block
    for (let last = block, span = FIRST_RANGE; last >= start; last -= span, span *= 2) {
      const events = await this.events('TransparencyLog', ['Extended'], [['0x' + log]], Math.max(start, last - span + 1), last)
      const found = ordered(await keep(events)).at(-1)
      if (found) return found
    }
    return undefined
  }
}

function header(raw, wanted) {
  const block = quantity(raw?.number, 'block.number')
  if (block !== wanted) throw new Malformed(`block: the node gave block ${block} for block ${wanted}`)
  const time = quantity(raw.timestamp, 'block.timestamp')
  if (time >= LATEST) throw new Malformed('block.timestamp: beyond the calendar')
  return { block, hash: '0x' + hex(fromHex(raw.hash)), time }
}
