// SPDX-License-Identifier: Apache-2.0
// Check 10, as far as it is about labels, by the rules of leafproof/verification/labels.py.
import { categoriesAt, named } from './classified.js'
import { before } from './fold.js'
import {
  ACCREDITATION, acceptedWords, CHANGE, categoryId, evaluate, LABEL, RECOGNITION, registeredId, SCHEME, words,
} from './label.js'
import { FAIL, NOT_CHECKED, PASS, WARNING } from './report.js'
import { byCodePoint } from './texts.js'
import { partyUri, utcText } from './values.js'

const CERTIFICATE = 8
const SHORT = 16 // digits of an id that a finding shows

// 10: labels of each lot.
export function checkLabels(reading) {
  const [check, chain] = [reading.report[10], reading.chain]
  const labels = [...reading.labelling.values()].filter(({ kind }) => kind === LABEL)
  if (!chain) {
    if (labels.length) check.add(NOT_CHECKED, 'withheld-chain', '', { reason: reading.noChain })
    else check.add(PASS, 'no-labels')
    return
  }
  const told = new Set()
  for (const record of reading.lots()) {
    const key = reading.key(record)
    const operator = key && chain.operators.get(key.operator)?.at(-1)
    if (!operator) continue
    const [id, subject] = [chain.idOf(key.operator, record.content.of), subjectOf(reading, record, operator.identifier)]
    for (const label of chain.labelling.labels.values()) {
      if (label.subject !== id) continue
      told.add(label.statement)
      judge(new Case(reading, label, subject))
    }
  }
  const missing = labels.filter(({ id }) => !told.has(id)).sort((a, b) => (a.id < b.id ? -1 : 1))
  for (const { label, content } of missing) check.add(WARNING, 'label-missing', label, { scheme: content.scheme })
  if (!labels.length && !told.size) check.add(PASS, 'no-labels')
}

// What labels of a lot are judged by: the maker's newest footprint of this record, by each profile.
function subjectOf(reading, record, maker) {
  const mine = [...reading.footprints.values()]
    .filter((one) => one.content.record === record.id && reading.maker(one) === reading.maker(record))
    .sort((a, b) => (a.index < b.index ? -1 : 1))
  const footprints = new Map(mine.map(({ content }) => [content.profile.id, content]))
  const { of: lot } = record.content
  const assurances = lot === reading.bundle.lot ? reading.assurances : []
  return { lot, maker, footprints, assurances, categoriesAt: (moment) => categoriesAt(reading, record, moment) }
}

// One label, and all that it is judged by.
class Case {
  constructor(reading, label, subject) {
    Object.assign(this, { reading, label, subject })
    this.chain = reading.chain.labelling
    this.now = reading.chain.now
    this.name = label.id.slice(0, SHORT)
    this.onChain = this.chain.schemes.get(label.scheme)
    this.scheme = this.onChain.name
    this.certifier = reading.chain.operators.get(label.certifier)?.at(-1).identifier ?? '0x' + label.certifier
  }

  // The statement with that id, if it is here and of that kind, and whose account signed it.
  stated(id, kind) {
    const found = this.reading.labelling.get(id)
    return found?.kind === kind ? { signer: this.reading.key(found)?.operator ?? null, said: found.content } : null
  }

  add(status, code, params) {
    this.reading.report[10].add(status, code, this.subject.lot, params)
  }
}

function judge(one) {
  const found = one.stated(one.label.statement, LABEL)
  if (!found) {
    one.add(FAIL, 'label-unstated', { label: one.name })
    return
  }
  issued(one, found)
  const held = accreditationOf(one)
  const limits = (held && one.stated(held.scope, ACCREDITATION)?.said) ?? null
  accredited(one, held, limits, found.said)
  scope(one, limits, found.said)
  if (!inTime(one)) {
    one.add(WARNING, 'label-time', { label: one.name, start: found.said.start, until: found.said.until })
  }
  ended(one)
  criteria(one, found.said)
  recognised(one, found.said)
}

const inTime = ({ now, label }) => label.start <= now && now < label.until

const criteriaId = ({ onChain, label }) => onChain.published[label.version - 1]

function issued(one, { signer, said }) {
  const { label, subject } = one
  const good = {
    certifier: signer === label.certifier && partyUri(said.certifier) === one.certifier,
    lot: said.of === subject.lot,
    maker: partyUri(said.maker) === subject.maker,
    scheme: registeredId(said.scheme) === label.scheme,
    criteria: said.criteria === criteriaId(one),
    start: said.window[0] === label.start,
    until: said.window[1] === label.until,
  }
  const part = Object.keys(good).find((name) => !good[name])
  if (part) one.add(FAIL, 'label-differs', { label: one.name, part })
  else {
    const who = { scheme: one.scheme, label: one.name, certifier: one.certifier }
    one.add(PASS, 'label-issued', { ...who, start: said.start, until: said.until })
  }
}

// The accreditation under which the label was issued.
function accreditationOf({ chain, label: { scheme, certifier, issued: when } }) {
  return chain.accreditations.find(
    (held) =>
      held.scheme === scheme && held.certifier === certifier && before(held.moment, when) &&
      !(held.ended && before(held.ended, when)) && held.start <= when.time && when.time < held.until,
  )
}

function accredited(one, held, limits, said) {
  const whole = held && /^0*$/.test(held.scope)
  const same = limits && limits.scheme === said.scheme && limits.certifier === said.certifier
  if (!held || !(whole || same)) {
    one.add(FAIL, 'label-unaccredited', { certifier: one.certifier, scheme: one.scheme, label: one.name })
  }
}

function scope(one, limits, { category }) {
  const scheme = one.stated(criteriaId(one), SCHEME)?.said
  const outside =
    (scheme && !scheme.categories.includes(category)) ||
    (limits?.categories.length && !limits.categories.includes(category))
  if (outside) one.add(FAIL, 'label-scope', { label: one.name, category })
  const own = one.subject.categoriesAt(one.label.issued.time)
  const told = { label: one.name, category }
  if (!own) one.add(NOT_CHECKED, 'label-unclassified', told)
  else if (!own.includes(category)) one.add(FAIL, 'label-category', { ...told, categories: named(own) })
}

function ended(one) {
  const last = one.label.changes.at(-1)
  if (!last || last.status === 'valid') return
  const found = one.stated(last.reason, CHANGE)
  const good = found && found.signer === last.by && found.said.label === one.label.id
  one.add(WARNING, 'label-ended', {
    label: one.name,
    status: last.status,
    time: utcText(last.moment.time),
    reason: good ? found.said.reason : '-',
  })
}

function criteria(one, stated) {
  const valid = []
  for (const id of new Set(stated.uses)) {
    const status = usedThen(one, id)
    if (status) one.add(FAIL, 'label-used', { label: one.name, used: id.slice(0, SHORT), status })
    else valid.push(one.chain.labels.get(id))
  }
  const scheme = one.stated(criteriaId(one), SCHEME)?.said
  if (!scheme) {
    one.add(NOT_CHECKED, 'label-evidence', { label: one.name, criterion: one.scheme })
    return
  }
  const wanted = scheme.criteria.map((each) => each.scheme).filter(Boolean)
  const evidence = {
    ...one.subject,
    attested: stated.attested.map((each) => each.criterion),
    labelled: new Set(wanted.filter((name) => allLabelled(one, name, valid))),
  }
  let good = true
  for (const each of scheme.criteria) {
    const { met, found } = evaluate(each, evidence)
    good &&= met === true
    const told = { label: one.name, criterion: words(each) }
    if (met === null) one.add(NOT_CHECKED, 'label-evidence', told)
    else if (!met) one.add(FAIL, 'label-criterion', { ...told, found })
  }
  const attested = scheme.criteria.filter(({ kind }) => kind === 'attested').length
  if (good) one.add(PASS, 'label-met', { label: one.name, count: scheme.criteria.length, attested })
}

// Why a label that this one rests on did not count when this one was issued; null where it did.
function usedThen({ chain, label: { issued: when } }, id) {
  const used = chain.labels.get(id)
  if (!used || before(when, used.issued)) return 'unknown'
  const last = used.changes.filter(({ moment }) => before(moment, when)).at(-1)
  if (last && last.status !== 'valid') return last.status
  return used.start <= when.time && when.time < used.until ? null : 'expired'
}

function allLabelled({ reading, label }, scheme, valid) {
  const have = new Set(valid.filter((used) => used.scheme === registeredId(scheme)).map(({ subject }) => subject))
  const inputs = reading.chain.lots.get(label.subject)?.inputs ?? []
  return inputs.length > 0 && inputs.every(({ parent }) => have.has(parent))
}

function recognised(one, stated) {
  const { chain, label, now } = one
  const categories = [categoryId(stated.category), categoryId('')]
  const ofMarket = (name) =>
    chain.recognitions.filter(
      ({ market, scheme, category }) =>
        market === registeredId(name) && scheme === label.scheme && categories.includes(category),
    )
  for (const market of stated.markets) {
    if (!ofMarket(market).some((said) => countedThen(said, label.issued))) {
      one.add(FAIL, 'label-claims', { label: one.name, market })
    }
  }
  if (!inTime(one) || (label.changes.at(-1)?.status ?? 'valid') !== 'valid') return // it would count, and does not
  for (const market of [...chain.markets.values()].map(({ name }) => name).sort(byCodePoint)) {
    const held = ofMarket(market).filter((said) => !said.ended && said.start <= now && now < said.until)
    const whole = held.find(({ accepted }) => accepted & CERTIFICATE)
    const agreed = whole ?? held[0]
    if (!agreed) continue
    const agreement = agreed.agreement.slice(0, SHORT)
    if (!isAgreed(one, agreed, market)) one.add(FAIL, 'label-agreement', { market, agreement })
    else if (whole) one.add(PASS, 'label-recognised', { label: one.name, market, agreement })
    else one.add(PASS, 'label-partly', { market, scheme: one.scheme, accepted: acceptedWords(agreed.accepted) })
  }
}

function countedThen(said, when) {
  const over = said.ended && before(said.ended, when)
  return before(said.moment, when) && !over && said.start <= when.time && when.time < said.until
}

// Did the market's authority sign just that?
function isAgreed(one, agreed, market) {
  const found = one.stated(agreed.agreement, RECOGNITION)
  if (!found) return false
  const { signer, said } = found
  return (
    signer === one.chain.markets.get(agreed.market).authority && said.market === market &&
    registeredId(said.scheme) === agreed.scheme && categoryId(said.category) === agreed.category &&
    said.accepted === agreed.accepted && said.window[0] === agreed.start && said.window[1] === agreed.until
  )
}
