// SPDX-License-Identifier: Apache-2.0
// What the checks share, as leafproof/verification/reading.py has it: trust and chain, and the statements read so far.
// A lot is its maker's: two operators may use one GTIN and lot code, and neither speaks for the other.
import { CLASSIFIED, LIST } from './classification.js'
import { Malformed } from './encoding.js'
import { lotId } from './fold.js'
import { lotOf } from './footprint.js'
import { LABELLING } from './label.js'
import {
  CANCELLATION, CORRECTION, DECLARED, FACTORS, FOOTPRINT, OPINION, PERIOD, PLAN, RECORD, STAGE,
} from './statement.js'

function file(lists, name, statement) {
  if (!lists.has(name)) lists.set(name, [])
  lists.get(name).push(statement)
}

export class Reading {
  // By maker and lot, a list of record statements.
  #records = new Map()
  #byId = new Map()
  statements = []
  footprints = new Map()
  declared = new Map()
  opinions = new Map()
  corrections = new Map()
  stages = new Map()
  cancellations = new Map()
  labelling = new Map() // schemes, accreditations, labels, their changes, recognitions
  classified = new Map()
  assurances = [] // of opinions that stand by the lot's declared footprint
  frames = new Map() // by key id, a list of frames

  // `chain` is what the reader's node said, or null and `noChain` says why.
  constructor(bundle, trust, chain, noChain, report) {
    Object.assign(this, { bundle, trust, chain, noChain, report })
  }

  // Files a statement, so that others can name it.
  take(statement) {
    this.statements.push(statement)
    if (!this.#byId.has(statement.id)) this.#byId.set(statement.id, statement)
    if (statement.frame) file(this.frames, statement.keyId, statement)
    if (!statement.content) return
    if (statement.kind === FOOTPRINT) this.footprints.set(statement.id, statement)
    if (statement.kind === DECLARED) this.declared.set(statement.id, statement)
    if (statement.kind === OPINION) this.opinions.set(statement.id, statement)
    if (statement.kind === CORRECTION) this.corrections.set(statement.id, statement)
    if (statement.kind === STAGE) this.stages.set(statement.id, statement)
    if (statement.kind === CANCELLATION) this.cancellations.set(statement.id, statement)
    if (LABELLING.includes(statement.kind)) this.labelling.set(statement.id, statement)
    if (statement.kind === CLASSIFIED) this.classified.set(statement.id, statement)
    if (statement.kind === RECORD) file(this.#records, `${this.maker(statement)} ${statement.content.of}`, statement)
  }

  #named(id, kind) {
    const found = this.#byId.get(id)
    return found?.kind === kind && found.content ? found : null
  }

  // The registered key that signed.
  key(statement) {
    return this.chain?.keys.get(statement.keyId) ?? null
  }

  // Whose statement it is: the operator on chain; without a chain, or a registered key, the issuer.
  maker(statement) {
    return this.key(statement)?.operator ?? statement.issuer
  }

  // The records of a lot of this name, one list a maker.
  makers(lot) {
    return [...this.#records.values()].filter(([first]) => first.content.of === lot)
  }

  // All records, one list a maker and lot.
  everyRecord() {
    return [...this.#records.values()]
  }

  // Each lot's current record: the one that the chain points to, else the last in the log.
  lots() {
    return [...this.#records.values()].map((versions) => this.#current(versions))
  }

  // The current record of the lot that has one maker here.
  record(lot) {
    const [versions] = this.makers(lot)
    return versions ? this.#current(versions) : null
  }

  // The lot's main footprint, whose number a passport shows: the last that the bundle has of its current record.
  shown() {
    const record = this.record(this.bundle.lot)
    return [...this.footprints.values()].filter(({ content }) => record && content.record === record.id).at(-1) ?? null
  }

  #current(versions) {
    const inOrder = [...versions].sort((a, b) => (a.index < b.index ? -1 : a.index > b.index ? 1 : 0))
    const last = inOrder.at(-1)
    const pointed = this.onChain(last)?.versions.at(-1).leaf
    return inOrder.find(({ leaf }) => leaf === pointed) ?? last
  }

  // `lots`, and each earlier record on which a footprint rests that goes into another lot.
  used() {
    const found = new Map(this.lots().map((record) => [record.id, record]))
    const lines = [...this.#records.values()].flat().flatMap(({ content }) => content.inputs ?? [])
    for (const id of [...new Set(lines.map(({ footprint }) => footprint).filter(Boolean))].sort()) {
      const printed = this.footprints.get(id)
      const rests = printed && this.recordOf(printed)
      if (rests && !found.has(rests.id)) found.set(rests.id, rests)
    }
    return [...found.values()]
  }

  // The record that a footprint is of, current or not, if it is one of `lot`.
  recordOf({ content }, lot = lotOf(content)) {
    const found = this.#named(content.record, RECORD)
    return found?.content.of === lot ? found : null
  }

  // A record's lot on chain, under the operator whose key signed it.
  onChain(record) {
    const key = this.key(record)
    return key ? (this.chain.lots.get(lotId(key.operator, record.content.of)) ?? null) : null
  }

  // Whether the chain may not have been told yet that its lot points to this record.
  pointerUnderWay(record) {
    return this.chain !== null && this.chain.pointerUnderWay(record)
  }

  // The metering plan that a record names, if it is here; whether it may name it is another matter.
  plan(record) {
    return this.#named(record.content.plan, PLAN)
  }

  // Who issued the statement with that id, if it is here.
  issuer(id) {
    return this.#byId.get(id)?.issuer ?? null
  }

  // Whether the statement is here without its body.
  withheld(id) {
    const found = this.#byId.get(id)
    return found !== undefined && !found.content
  }

  // Whether the statement is here with what it says. Of a frame, a page reads no more than its hash.
  isRead(id) {
    const found = this.#byId.get(id)
    return found !== undefined && Boolean(found.content || (found.frame && found.item.body))
  }

  // Whose statement that is, if it is here.
  makerOf(id) {
    const found = this.#byId.get(id)
    return found ? this.maker(found) : null
  }

  // The living list with that id, if it is here.
  rules(id) {
    return this.#named(id, LIST)?.content ?? null
  }

  period(id) {
    const found = this.#named(id, PERIOD)
    if (!found) throw new Malformed('period: the energy period that the footprint names is missing')
    return found.content
  }

  // The energy periods on which footprints of a record rest, of its own maker, as far as they are here.
  periodsOf(record) {
    const rest = [...this.footprints.values()].filter(({ content }) => content.record === record.id && content.period)
    const named = [...new Set(rest.map(({ content }) => content.period))].sort()
    const own = named.filter((id) => this.makerOf(id) === this.maker(record))
    return own.map((id) => this.#named(id, PERIOD)?.content).filter(Boolean)
  }

  factor(ref) {
    const found = this.#named(ref.set, FACTORS)
    if (!found) throw new Malformed('factor: the factor set that the footprint names is missing')
    return found.content.get(ref.id)
  }

  certificate(id) {
    const found = this.cancellations.get(id)
    if (!found) throw new Malformed('certificates: the cancellation that the footprint names is missing')
    return found.content
  }

  footprint(id) {
    const found = this.footprints.get(id)
    if (!found) throw new Malformed('inputs: the footprint of an input lot is missing')
    return found.content
  }
}
