// SPDX-License-Identifier: Apache-2.0
// The living list, what is said of it, and how lots are classified by it, as leafproof/classification.py has them.
import { bodyContent } from './disclosure.js'
import { Malformed } from './encoding.js'
import { convert, list, oneOf, orNull, struct, text, whole } from './shape.js'
import { byCodePoint, checkPrintable } from './texts.js'
import { digest, lot } from './values.js'

const MAX_ENTRIES = 2000
const MAX_TEXT = 2000 // characters
const MAX_SHOWN = 32
const EDITIONS = ['HS 2007', 'HS 2012', 'HS 2017', 'HS 2022']
const edition = oneOf(...EDITIONS)

const shapes = {
  'living list': struct({
    title: text, changes: text,
    entries: list(
      struct(
        { edition, code: text, category: text, title: text, source: text },
        { ex_out: orNull(text), evidence: orNull(text) },
      ),
    ),
    correlations: list(struct({ edition, code: text, later: edition, became: list(text) })),
  }),
  remark: struct({ proposal: text, kind: oneOf('comment', 'objection', 'refusal'), text }),
  'classification of a lot': struct({
    gtin: text, lot: text, edition, code: text, shown: list(struct({ evidence: text, document: text })), version: whole,
    content: text, categories: list(text),
  }),
}
const checks = { 'living list': checkList, remark: checkRemark, 'classification of a lot': checkClassified }
export const CLASSIFYING = Object.keys(shapes)
export const [LIST, REMARK, CLASSIFIED] = CLASSIFYING

// A statement of one of the kinds `CLASSIFYING`.
export function readClassifying(body, kind) {
  const found = convert(bodyContent(body), shapes[kind], 'classification')
  checkPrintable(found)
  checks[kind](found)
  return found
}

function checkList({ title, changes, entries, correlations }) {
  said({ title, changes })
  if (entries.length < 1 || entries.length > MAX_ENTRIES || correlations.length > MAX_ENTRIES) {
    throw new Malformed(`entries: not 1 to ${MAX_ENTRIES}`)
  }
  for (const { code, category, title: words, source, ex_out: exOut, evidence } of entries) {
    checkCode(code)
    said({ category, words, source })
    if ((exOut === null) !== (evidence === null)) {
      throw new Malformed('entries.evidence: an ex-out names the evidence that it asks for, and only it')
    }
    if (exOut !== null) said({ exOut, evidence })
  }
  for (const { edition: of, code, later, became } of correlations) {
    for (const one of [code, ...became]) checkCode(one)
    if (!became.length || EDITIONS.indexOf(later) <= EDITIONS.indexOf(of)) {
      throw new Malformed('correlations.later: leads to no code of a later edition')
    }
  }
}

function checkRemark({ proposal, text: words }) {
  digest(proposal, 'proposal')
  said({ words })
}

function checkClassified(found) {
  found.of = lot(found.gtin, found.lot)
  checkCode(found.code)
  digest(found.content, 'content')
  if (found.version < 1) throw new Malformed('version: versions count from 1')
  if (found.shown.length > MAX_SHOWN) throw new Malformed(`shown: more than ${MAX_SHOWN}`)
  for (const { evidence, document } of found.shown) said({ evidence, document })
}

function checkCode(code) {
  if (!/^(?:[0-9]{2}){1,3}$/.test(code)) throw new Malformed('code: not 2, 4 or 6 digits of the Harmonized System')
}

function said(named) {
  for (const [field, value] of Object.entries(named)) {
    const length = [...value.trim()].length
    if (length < 1 || length > MAX_TEXT) throw new Malformed(`${field}: not 1 to ${MAX_TEXT} characters`)
  }
}

// The categories that a list gives to a classified lot, in alphabetical order: LivingList.categories.
export function categoriesOf({ entries, correlations }, { edition: of, code, shown }) {
  const evidence = new Set(shown.map((one) => one.evidence))
  const named = (at, own) =>
    entries
      .filter((one) => one.edition === at && own.startsWith(one.code))
      .filter((one) => one.ex_out === null || evidence.has(one.evidence))
      .map(({ category }) => category)
  const codes = new Map([[`${of} ${code}`, [of, code]]])
  const inOrder = [...correlations].sort((a, b) => EDITIONS.indexOf(a.edition) - EDITIONS.indexOf(b.edition))
  for (const joined of inOrder) {
    if (!codes.has(`${joined.edition} ${joined.code}`)) continue
    for (const became of joined.became) codes.set(`${joined.later} ${became}`, [joined.later, became])
  }
  for (const joined of correlations) codes.delete(`${joined.edition} ${joined.code}`) // what is left, it ends in
  const ends = [...codes.values()].map(([at, own]) => named(at, own))
  const inAll = ends[0].filter((one) => ends.every((categories) => categories.includes(one)))
  return [...new Set([...named(of, code), ...inAll])].sort(byCodePoint)
}
