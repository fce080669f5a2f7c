// SPDX-License-Identifier: Apache-2.0
// Statements on labels, and a scheme's criteria, as leafproof/label.py and leafproof/criteria.py have them.
import { keccak_256 } from '@noble/hashes/sha3.js'
import { bodyContent } from './disclosure.js'
import { hex, Malformed, utf8 } from './encoding.js'
import { decimal, Fraction, ZERO } from './rational.js'
import { convert, list, oneOf, orNull, struct, text } from './shape.js'
import { checkPrintable } from './texts.js'
import { digest, lot, party, utcSeconds } from './values.js'

const MAX_NAME = 128 // bytes
const MAX_TEXT = 2000 // characters
const MAX_PARTS = 50
const ONE = new Fraction(1n)
const ACCEPTABLE = ['test report', 'audit', 'verification', 'certificate']
// The members that each kind of criterion has, and no other.
const MEMBERS = {
  footprint: ['profile', 'at_most'],
  'primary share': ['profile', 'at_least'],
  opinion: ['assurance'],
  'labelled inputs': ['scheme'],
  attested: ['text'],
}

const criterion = struct(
  { kind: oneOf(...Object.keys(MEMBERS)) },
  {
    profile: orNull(text), at_most: orNull(text), at_least: orNull(text),
    assurance: orNull(oneOf('limited', 'reasonable')), scheme: orNull(text), text: orNull(text),
  },
)
const shapes = {
  'label scheme': struct(
    { name: text, owner: text, title: text, categories: list(text), criteria: list(criterion) },
    { document: orNull(text) },
  ),
  accreditation: struct({
    scheme: text, certifier: text, by: text, number: text, categories: list(text), start: text, until: text,
  }),
  label: struct({
    scheme: text, criteria: text, certifier: text, maker: text, gtin: text, lot: text, category: text,
    footprints: list(text), attested: list(struct({ criterion: text, evidence: text })), uses: list(text),
    markets: list(text), start: text, until: text,
  }),
  'change of a label': struct({ label: text, status: oneOf('suspended', 'valid', 'revoked'), reason: text }),
  recognition: struct(
    {
      market: text, scheme: text, category: text, accepts: list(oneOf(...ACCEPTABLE)), start: text, until: text,
    },
    { document: orNull(text) },
  ),
}
const checks = {
  'label scheme': checkScheme,
  accreditation: checkAccreditation,
  label: checkLabel,
  'change of a label': checkChange,
  recognition: checkRecognition,
}
export const LABELLING = Object.keys(shapes)
export const [SCHEME, ACCREDITATION, LABEL, CHANGE, RECOGNITION] = LABELLING

// How LabelRegistry knows a scheme, a market or a category.
export const registeredId = (name) => hex(keccak_256(utf8(name)))
export const categoryId = (name) => (name ? registeredId(name) : '0'.repeat(64))
export const acceptedWords = (accepted) => ACCEPTABLE.filter((_, bit) => (accepted >> bit) & 1).join(', ')

// A statement of one of the kinds `LABELLING`; `window` are its times, `accepted` the bits of a recognition.
export function readLabelling(body, kind) {
  const found = convert(bodyContent(body), shapes[kind], 'label statement')
  checkPrintable(found)
  checks[kind](found)
  if (found.until !== undefined) found.window = windowOf(found)
  if (kind === RECOGNITION) {
    found.accepted = [...new Set(found.accepts)].reduce((sum, one) => sum + (1 << ACCEPTABLE.indexOf(one)), 0)
  }
  return found
}

function checkScheme({ name, owner, title, categories, criteria, document }) {
  names('name', [name])
  names('categories', categories)
  party(owner, 'owner')
  said('title', title)
  several('categories', categories)
  several('criteria', criteria.map((one) => JSON.stringify(one)))
  criteria.forEach(checkCriterion)
  if (document !== null) digest(document, 'document')
}

function checkCriterion(one) {
  for (const name of ['profile', 'at_most', 'at_least', 'assurance', 'scheme', 'text']) {
    const value = one[name]
    if ((value !== null) !== MEMBERS[one.kind].includes(name)) {
      throw new Malformed(`criteria.${name}: ${value === null ? 'is missing' : "is not this kind's"} (${one.kind})`)
    }
    if (value !== null) said(`criteria.${name}`, value)
  }
  if (one.at_most !== null) decimal(one.at_most, 'criteria.at_most')
  if (one.at_least !== null) {
    const least = decimal(one.at_least, 'criteria.at_least')
    if (least.compare(ZERO) < 0 || least.compare(ONE) > 0) throw new Malformed('criteria.at_least: not from 0 to 1')
  }
}

function checkAccreditation({ scheme, certifier, by, number, categories }) {
  names('scheme', [scheme])
  names('categories', categories)
  party(certifier, 'certifier')
  said('by', by)
  said('number', number)
  if (categories.length > MAX_PARTS) throw new Malformed(`categories: more than ${MAX_PARTS}`)
}

function checkLabel(found) {
  names('scheme', [found.scheme])
  names('category', [found.category])
  names('markets', found.markets)
  for (const field of ['certifier', 'maker']) party(found[field], field)
  found.of = lot(found.gtin, found.lot)
  for (const [field, ids] of [['criteria', [found.criteria]], ['footprints', found.footprints], ['uses', found.uses]]) {
    for (const one of ids) digest(one, field)
  }
  for (const field of ['footprints', 'attested', 'uses', 'markets']) {
    if (found[field].length > MAX_PARTS) throw new Malformed(`${field}: more than ${MAX_PARTS}`)
  }
  for (const one of found.attested) {
    said('attested.criterion', one.criterion)
    said('attested.evidence', one.evidence)
  }
}

function checkChange({ label, reason }) {
  digest(label, 'label')
  said('reason', reason)
}

function checkRecognition({ market, scheme, category, accepts, document }) {
  names('market', [market])
  names('scheme', [scheme])
  if (category) names('category', [category])
  several('accepts', accepts)
  if (document !== null) digest(document, 'document')
}

function windowOf({ start, until }) {
  const window = [utcSeconds(start, 'start'), utcSeconds(until, 'until')]
  if (window[1] <= window[0]) throw new Malformed('until: not after the start')
  return window
}

function names(field, several) {
  for (const one of several) {
    const { length } = utf8(one)
    if (length < 1 || length > MAX_NAME) throw new Malformed(`${field}: not 1 to ${MAX_NAME} bytes`)
  }
}

function said(field, value) {
  const length = [...value.trim()].length
  if (length < 1 || length > MAX_TEXT) throw new Malformed(`${field}: not 1 to ${MAX_TEXT} characters`)
}

function several(field, parts) {
  if (parts.length < 1 || parts.length > MAX_PARTS || new Set(parts).size < parts.length) {
    throw new Malformed(`${field}: not 1 to ${MAX_PARTS} different ones`)
  }
}

// A criterion in one line.
export function words({ kind, profile, at_most: most, at_least: least, assurance, scheme, text: own }) {
  if (kind === 'footprint') return `at most ${most} kg CO2e per tonne by ${profile}`
  if (kind === 'primary share') return `primary data share at least ${least} by ${profile}`
  if (kind === 'opinion') return `an opinion of ${assurance} assurance or above`
  return kind === 'labelled inputs' ? `inputs labelled by ${scheme}` : own
}

// Whether a criterion is met, null where the evidence is not here; and what was found. `footprints` are the lot's, by
// profile; `labelled` is a set of schemes by which all inputs had a valid label.
export function evaluate(one, { footprints, assurances, attested, labelled }) {
  if (one.kind === 'opinion') {
    const met = assurances.includes(one.assurance) || assurances.includes('reasonable')
    return { met, found: [...new Set(assurances)].sort().join(', ') || 'none' }
  }
  if (one.kind === 'labelled inputs') return told(labelled.has(one.scheme), 'all', 'not all')
  if (one.kind === 'attested') return told(attested.includes(one.text), 'attested', 'not attested')
  const printed = footprints.get(one.profile)
  if (!printed) return { met: null, found: `no footprint by ${one.profile}` }
  const found = one.kind === 'footprint' ? printed.per_tonne : printed.primary_data_share
  const compared = decimal(found, 'found').compare(decimal(one.at_most ?? one.at_least, 'bound'))
  return { met: one.kind === 'footprint' ? compared <= 0 : compared >= 0, found }
}

const told = (met, good, otherwise) => ({ met, found: met ? good : otherwise })
