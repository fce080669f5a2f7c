// SPDX-License-Identifier: Apache-2.0
// Schemes, certifiers, labels and recognitions, from the events of LabelRegistry, as leafproof/chain/labels.py folds
// them. A moment is the event itself, whose block's `time` the reader of the chain has put there.
import { keccak_256 } from '@noble/hashes/sha3.js'
import { concat, fromHex, hex, Malformed } from './encoding.js'

function require(condition, otherwise) {
  if (!condition) throw new Malformed(otherwise)
}

const bytesOf = (digits) => fromHex('0x' + digits)

export class Labels {
  schemes = new Map()
  markets = new Map()
  labels = new Map()
  accreditations = []
  recognitions = []

  #scheme(id, inForce = true) {
    const scheme = this.schemes.get(id)
    require(scheme, 'the scheme was never admitted')
    require(!inForce || !scheme.removed, 'the scheme was removed before')
    return scheme
  }

  schemeAdmitted(_, id, owner, name) {
    const known = this.schemes.get(id)
    require(!known || known.removed, 'the scheme was admitted before')
    require(!known || known.owner === owner, "the scheme is another's")
    this.schemes.set(id, { id, owner, name, published: known?.published ?? [], removed: false })
  }

  schemeRemoved(_, id) {
    this.#scheme(id).removed = true
  }

  transferred(_, id, previous, owner) {
    const scheme = this.#scheme(id, false)
    require(scheme.owner === previous, "the scheme was another's")
    scheme.owner = owner
  }

  published(_, id, version, content) {
    const { published } = this.#scheme(id)
    require(Number(version) === published.length + 1, 'a version of the scheme was left out')
    published.push(content)
  }

  #held = (scheme, certifier) =>
    this.accreditations.find((one) => one.scheme === scheme && one.certifier === certifier && !one.ended)

  accredited(moment, scheme, certifier, start, until, scope) {
    this.#scheme(scheme)
    const before = this.#held(scheme, certifier)
    if (before) before.ended = moment
    this.accreditations.push({ scheme, certifier, start: Number(start), until: Number(until), scope, moment, ended: null })
  }

  withdrawn(moment, scheme, certifier) {
    const held = this.#held(scheme, certifier)
    require(held, 'the certifier was not accredited')
    held.ended = moment
  }

  issued(moment, id, subject, certifier, schemeId, statement, version, start, until) {
    const named = hex(keccak_256(concat(new Uint8Array(12), bytesOf(certifier), bytesOf(statement))))
    require(named === id, "the label's id is not the hash of certifier and statement")
    require(!this.labels.has(id), 'the label was issued before')
    const scheme = this.#scheme(schemeId)
    require(version > 0n && Number(version) === scheme.published.length, "not the scheme's newest version")
    const held = this.#held(schemeId, certifier)
    require(held, 'the certifier was not accredited')
    require(held.start <= moment.time && moment.time < held.until, 'the certifier was not accredited then')
    this.labels.set(id, {
      id, subject, certifier, scheme: schemeId, statement, version: Number(version), start: Number(start),
      until: Number(until), issued: moment, changes: [],
    })
  }

  #change(moment, id, by, status, before, reason = '') {
    const label = this.labels.get(id)
    require(label, 'the label was never issued')
    const now = label.changes.at(-1)?.status ?? 'valid'
    require(before.includes(now), `a label that is ${now} does not become so`)
    require([label.certifier, this.#scheme(label.scheme, false).owner].includes(by), 'neither certifier nor owner of the scheme')
    label.changes.push({ status, by, reason, moment })
  }

  suspended(moment, id, by, reason) {
    this.#change(moment, id, by, 'suspended', ['valid'], reason)
  }

  resumed(moment, id, by) {
    this.#change(moment, id, by, 'valid', ['suspended'])
  }

  revoked(moment, id, by, reason) {
    this.#change(moment, id, by, 'revoked', ['valid', 'suspended'], reason)
  }

  marketAdmitted(_, id, authority, name) {
    this.markets.set(id, { id, authority, name })
  }

  #said = (market, scheme, category) =>
    this.recognitions.find((one) => one.market === market && one.scheme === scheme && one.category === category && !one.ended)

  recognised(moment, market, scheme, category, accepted, start, until, agreement) {
    require(this.markets.has(market), 'the market was never admitted')
    this.#scheme(scheme)
    const before = this.#said(market, scheme, category)
    if (before) before.ended = moment
    const [bits, from, to] = [accepted, start, until].map(Number)
    this.recognitions.push({ market, scheme, category, accepted: bits, start: from, until: to, agreement, moment, ended: null })
  }

  notRecognised(moment, market, scheme, category) {
    const said = this.#said(market, scheme, category)
    require(said, 'the scheme was not recognised')
    said.ended = moment
  }
}

const of = Labels.prototype
export const LABEL_HANDLERS = {
  SchemeAdmitted: of.schemeAdmitted,
  SchemeRemoved: of.schemeRemoved,
  SchemeTransferred: of.transferred,
  SchemePublished: of.published,
  CertifierAccredited: of.accredited,
  AccreditationWithdrawn: of.withdrawn,
  LabelIssued: of.issued,
  LabelSuspended: of.suspended,
  LabelResumed: of.resumed,
  LabelRevoked: of.revoked,
  MarketAdmitted: of.marketAdmitted,
  Recognised: of.recognised,
  RecognitionWithdrawn: of.notRecognised,
}
export const CHANGE_EVENTS = ['LabelSuspended', 'LabelResumed', 'LabelRevoked']
export const SCHEME_EVENTS = [
  'SchemeAdmitted', 'SchemeRemoved', 'SchemeTransferred', 'SchemePublished', 'CertifierAccredited',
  'AccreditationWithdrawn', 'MarketAdmitted', 'Recognised', 'RecognitionWithdrawn',
]
