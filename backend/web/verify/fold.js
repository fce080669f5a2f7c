// SPDX-License-Identifier: Apache-2.0
// From the contracts' events to what a reader judges by, as leafproof/chain/fold.py does it: what the contracts would
// never emit means that the node left something out, or made it up. Keys count with a valid proof of possession alone.
import { keccak_256 } from '@noble/hashes/sha3.js'
import { CLAIM_HANDLERS, Claims } from './claimed.js'
import { LIST_HANDLERS, ListVersions } from './listed.js'
import { concat, fromHex, hex, Malformed, utf8 } from './encoding.js'
import { proves } from './keys.js'
import { LABEL_HANDLERS, Labels } from './labelled.js'
import { SHARES } from './record.js'

export const [ISSUER, GATEWAY] = [0, 1]
const ROLES = 3 // issuer, gateway, log
const CUSTODIES = 6n // ILotRegistry.Custody

const bytesOf = (digits) => fromHex('0x' + digits)

// keccak-256 of abi.encode(operator, keccak-256 of `<14 digits>/<lot code>`): LotRegistry.lotIdOf.
export const lotId = (operator, lot) => lotIdOf(operator, keccak_256(utf8(lot)))
const lotIdOf = (operator, lotHash) => hex(keccak_256(concat(new Uint8Array(12), bytesOf(operator), lotHash)))

function require(condition, otherwise) {
  if (!condition) throw new Malformed(otherwise)
}

// Is `moment` an event's place before that of `other`?
export const before = (moment, other) =>
  moment.block < other.block || (moment.block === other.block && moment.index < other.index)

// Takes events in the chain's order. Addresses and ids are hexadecimal digits without 0x.
export class ChainState {
  operators = new Map() // by address, a list of admissions, of which all but the last have ended
  registrars = new Map()
  keys = new Map() // by key id, of whoever proved it first
  unproven = new Set()
  lots = new Map()
  labelling = new Labels()
  list = new ListVersions()
  #claims = new Claims()
  #registered = new Map() // by operator and key id
  #trust

  constructor(trust) {
    this.#trust = trust
  }

  async take(events, pause) {
    let last = { block: -1, index: -1 }
    for (const event of events) {
      try {
        require(before(last, event), 'comes twice, or out of order')
        if (event.name in CLAIM_HANDLERS) CLAIM_HANDLERS[event.name].apply(this.#claims, event.values)
        else if (event.name in LABEL_HANDLERS) LABEL_HANDLERS[event.name].call(this.labelling, event, ...event.values)
        else if (event.name in LIST_HANDLERS) LIST_HANDLERS[event.name].call(this.list, event, ...event.values)
        else HANDLERS[event.name].call(this, event, ...event.values)
      } catch (error) {
        throw new Malformed(`${event.where}: ${error.message}`)
      }
      last = event
      await pause()
    }
  }

  idOf(operator, lot) {
    return lotId(operator, lot)
  }

  get claims() {
    return this.#claims.all
  }

  #isOperator(address) {
    return this.operators.get(address)?.at(-1).removed === null
  }

  #key(operator, keyId) {
    const key = this.#registered.get(operator + keyId)
    require(key, 'the key was never registered')
    return key
  }

  #lot(id) {
    require(this.lots.has(id), 'the lot was never minted')
    return this.lots.get(id)
  }

  admitted(event, operator, identifier) {
    require(!this.#isOperator(operator), 'the operator was admitted before')
    const earlier = this.operators.get(operator) ?? []
    this.operators.set(operator, [...earlier, { identifier, admitted: event, removed: null }])
  }

  removed(event, operator) {
    require(this.#isOperator(operator), 'no such operator was admitted')
    this.operators.get(operator).at(-1).removed = event
  }

  accredited(_, registrar, name) {
    require(!this.registrars.has(registrar), 'the registrar was accredited before')
    this.registrars.set(registrar, name)
  }

  withdrawn(_, registrar) {
    require(this.registrars.delete(registrar), 'no such registrar was accredited')
  }

  registered(_, keyId, operator, roleNumber, log, issuer, cose, proof) {
    const role = Number(roleNumber)
    require(role < ROLES, `${role} is no role`)
    require(!this.#registered.has(operator + keyId), 'the operator registered this key before')
    const key = { operator, role, log, issuer, attestedBy: [], retired: null, compromised: null }
    this.#registered.set(operator + keyId, key)
    if (!this.#isOperator(operator)) return
    const claim = {
      chain: this.#trust.chain_id,
      registry: fromHex(this.#trust.contracts.KeyRegistry.address),
      operator: bytesOf(operator),
      role,
      log: bytesOf(log),
      issuer,
    }
    if (!proves(cose, claim, proof)) this.unproven.add(keyId)
    else if (!this.keys.has(keyId)) this.keys.set(keyId, key)
  }

  attested(_, keyId, operator, registrar) {
    const { attestedBy } = this.#key(operator, keyId)
    if (this.registrars.has(registrar) && !attestedBy.includes(registrar)) attestedBy.push(registrar)
  }

  unattested(_, keyId, operator, registrar) {
    const key = this.#key(operator, keyId)
    key.attestedBy = key.attestedBy.filter((one) => one !== registrar)
  }

  retired(event, keyId, operator, epoch, lastSequence) {
    const key = this.#key(operator, keyId)
    require(!key.retired && !key.compromised, 'the key was not in force')
    key.retired = { epoch, lastSequence, moment: event }
  }

  compromised(event, keyId, operator) {
    const key = this.#key(operator, keyId)
    require(!key.compromised, 'the key was compromised before')
    key.compromised = event
  }

  minted(_, id, operator, lotHash, custody) {
    require(custody < CUSTODIES, `${custody} is no chain of custody`)
    require(!this.lots.has(id), 'the lot was minted before')
    require(lotIdOf(operator, bytesOf(lotHash)) === id, "the lot's id is not the hash of operator and lot")
    this.lots.set(id, { id, operator, versions: [], inputs: [], custody: Number(custody) })
  }

  recordSet(_, id, version, log, leaf) {
    const { versions } = this.#lot(id)
    require(Number(version) === versions.length + 1, 'a version of the record was left out')
    versions.push({ version: Number(version), leaf })
  }

  consumed(_, child, parent, operator, shares) {
    const { versions, inputs } = this.#lot(child)
    // LotRegistry.mint: the lot, its first record, what it consumes; nothing adds to it later.
    require(versions.length === 1, 'a lot takes inputs only when it is minted')
    require(shares > 0n && shares <= SHARES, 'more shares than a lot has')
    inputs.push({ parent, shares })
  }
}

const state = ChainState.prototype
const HANDLERS = {
  OperatorAdmitted: state.admitted,
  OperatorRemoved: state.removed,
  RegistrarAccredited: state.accredited,
  RegistrarWithdrawn: state.withdrawn,
  KeyRegistered: state.registered,
  KeyAttested: state.attested,
  AttestationWithdrawn: state.unattested,
  KeyRetired: state.retired,
  KeyCompromised: state.compromised,
  LotMinted: state.minted,
  RecordSet: state.recordSet,
  Consumed: state.consumed,
}
export const OPERATOR_EVENTS = ['OperatorAdmitted', 'OperatorRemoved', 'RegistrarAccredited', 'RegistrarWithdrawn']
export const KEY_EVENTS = ['KeyRegistered', 'KeyAttested', 'AttestationWithdrawn', 'KeyRetired', 'KeyCompromised']
export const LOT_EVENTS = ['LotMinted', 'RecordSet', 'Consumed']
