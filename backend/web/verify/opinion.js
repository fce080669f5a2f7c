// SPDX-License-Identifier: Apache-2.0
// Opinions of verifiers: read, and judged, as leafproof/opinion.py and leafproof/verification/opinions.py do it.
import { methodOf } from './declared.js'
import { bodyContent } from './disclosure.js'
import { Malformed } from './encoding.js'
import { standingDeclared, standingOpinions } from './heads.js'
import { decimal, Fraction, ZERO } from './rational.js'
import { FAIL, PASS, WARNING } from './report.js'
import { convert, oneOf, orNull, struct, text } from './shape.js'
import { checkPrintable } from './texts.js'
import { digest, utcSeconds } from './values.js'

const MAX_TEXT = 2000 // characters of scope and reason
const SUPPORTING = ['unmodified', 'modified']
const HUNDRED = new Fraction(100n)

const shape = struct(
  {
    declared: text, gtin: text, facility: text, method: text, per_tonne: text, verifier: text,
    accreditation: struct({ body: text, number: text }), standard: text, criteria: text,
    assurance: oneOf('limited', 'reasonable'), scope: text, start: text, end: text, materiality: text,
    conclusion: oneOf('unmodified', 'modified', 'adverse', 'disclaimed', 'withdrawn'),
  },
  { reason: orNull(text), supersedes: orNull(text) },
)

export function readOpinion(body) {
  const found = convert(bodyContent(body), shape, 'opinion')
  checkPrintable(found)
  digest(found.declared, 'declared')
  if (found.supersedes !== null) digest(found.supersedes, 'supersedes')
  found.window = [utcSeconds(found.start, 'start'), utcSeconds(found.end, 'end')]
  if (found.window[1] <= found.window[0]) throw new Malformed('end: the period does not end after it starts')
  decimal(found.per_tonne, 'per_tonne')
  const materiality = decimal(found.materiality, 'materiality')
  if (materiality.compare(ZERO) < 0 || materiality.compare(HUNDRED) > 0) {
    throw new Malformed('materiality: not a percentage from 0 to 100')
  }
  for (const [field, said] of texts(found)) {
    const length = [...said.trim()].length
    if (length < 1 || length > MAX_TEXT) throw new Malformed(`${field}: not 1 to ${MAX_TEXT} characters`)
  }
  return found
}

const texts = ({ verifier, standard, criteria, scope, accreditation, conclusion, reason }) => [
  ['verifier', verifier], ['standard', standard], ['criteria', criteria], ['scope', scope],
  ['accreditation.body', accreditation.body], ['accreditation.number', accreditation.number],
  ...(conclusion === 'unmodified' ? [] : [['reason', reason ?? '']]),
]

// The first member that is not what the declared footprint says, or null.
function differing(said, declared) {
  for (const name of ['gtin', 'facility', 'method', 'per_tonne']) if (said[name] !== declared[name]) return name
  if (said.window[0] > declared.window[0]) return 'start'
  return said.window[1] < declared.window[1] ? 'end' : null
}

// 10: each opinion in the bundle.
export function checkOpinions(reading) {
  const inForce = new Set([...standingDeclared(reading).values()].flat().map(({ id }) => id))
  for (const [first, ...more] of standingOpinions(reading).values()) {
    for (const { label } of more) reading.report[10].add(FAIL, 'opinion-fork', label, { other: first.label })
    for (const statement of [first, ...more]) judge(reading, inForce, statement)
  }
}

function judge(reading, inForce, statement) {
  const { label, issuer, content: said } = statement
  const add = (status, code, params = {}) => reading.report[10].add(status, code, label, params)
  const named = reading.declared.get(said.declared)
  if (!named) return add(FAIL, 'opinion-elsewhere')
  if (reading.maker(statement) === reading.maker(named)) return add(FAIL, 'opinion-own')
  const part = differing(said, named.content)
  if (part) return add(FAIL, 'opinion-differs', { part })
  const who = { verifier: said.verifier, issuer }
  const { conclusion, assurance, standard, materiality } = said
  if (!SUPPORTING.includes(conclusion)) return add(WARNING, 'opinion-against', { conclusion, reason: said.reason ?? '', ...who })
  if (!inForce.has(named.id)) return add(WARNING, 'opinion-outdated', who)
  const accreditation = `${said.accreditation.body} ${said.accreditation.number}`
  reading.assurances.push(assurance)
  add(PASS, 'opinion-given', { assurance, standard, accreditation, ...who, materiality })
  if (conclusion === 'modified') add(WARNING, 'opinion-modified', { reason: said.reason, ...who })
  if (!reading.trust.verifiers.includes(issuer)) add(WARNING, 'opinion-unknown', who)
  const shown = reading.shown()
  if (!shown || methodOf(shown.content) !== said.method) add(WARNING, 'opinion-beside', { method: said.method })
  return undefined
}
