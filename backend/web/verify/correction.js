// SPDX-License-Identifier: Apache-2.0
// Corrections: read, and shown, as leafproof/correction.py and leafproof/verification/corrections.py do it.
import { bodyContent } from './disclosure.js'
import { Malformed } from './encoding.js'
import { lotOf, PLACES } from './footprint.js'
import { placeOfFootprint, standingFootprints } from './heads.js'
import { decimal, rounded } from './rational.js'
import { amountOf, parentOf, productMass } from './record.js'
import { WARNING } from './report.js'
import { convert, list, oneOf, struct, text } from './shape.js'
import { checkPrintable } from './texts.js'
import { digest, lot } from './values.js'

const MAX_TEXT = 2000 // characters of a reason
const MAX_CHANGES = 20

const shape = struct({
  gtin: text, lot: text, what: oneOf('record', 'frames', 'factor'), reason: text, by: text,
  changes: list(struct({ old: text, new: text })),
})

export function readCorrection(body) {
  const found = convert(bodyContent(body), shape, 'correction')
  checkPrintable(found)
  found.of = lot(found.gtin, found.lot)
  for (const field of ['reason', 'by']) {
    const length = [...found[field].trim()].length
    if (length < 1 || length > MAX_TEXT) throw new Malformed(`${field}: not 1 to ${MAX_TEXT} characters`)
  }
  const { changes } = found
  if (!changes.length || changes.length > MAX_CHANGES) throw new Malformed(`changes: 1 to ${MAX_CHANGES} are allowed`)
  for (const change of changes) {
    digest(change.old, 'changes.old')
    digest(change.new, 'changes.new')
  }
  return found
}

const words = ({ what, reason, by }) => ({ what, reason, by })

// The correction, by the same operator, that names a statement as the newer one.
function naming(reading, statement) {
  const named = ({ content }) => content.changes.some((change) => change.new === statement.id)
  const found = [...reading.corrections.values()].find((given) => named(given) && reading.maker(given) === reading.maker(statement))
  return found?.content ?? null
}

// 6: each current record that is not its lot's first has a reason.
export function checkCorrected(reading) {
  for (const record of reading.lots()) {
    if (record.content.supersedes === null) continue
    const said = naming(reading, record)
    if (said) reading.report[6].add(WARNING, 'lot-corrected', record.content.of, words(said))
    else reading.report[6].add(WARNING, 'correction-unstated', record.content.of)
  }
}

// 9: what was corrected in input lots, and by how much it changes a tonne of what was made from them.
export function checkCorrectedInputs(reading) {
  for (const { content: said } of reading.corrections.values()) {
    if (said.of !== reading.bundle.lot) reading.report[9].add(WARNING, 'input-lot-corrected', said.of, words(said))
  }
  const standing = standingFootprints(reading)
  for (const record of reading.used()) {
    for (const line of record.content.inputs ?? []) {
      if (parentOf(line) && reading.footprints.has(line.footprint)) compare(reading, standing, record, line)
    }
  }
}

function compare(reading, standing, { content: record }, line) {
  const used = reading.footprints.get(line.footprint)
  const newest = standing.get(placeOfFootprint(reading, used)).at(-1)
  if (newest.id === used.id || record.outputs === null) return
  const [before, after] = [used.content, newest.content]
  // Newer for another reason, such as a period that was closed.
  if (after.record === before.record && naming(reading, newest) === null) return
  const change = decimal(after.per_tonne, 'per_tonne').minus(decimal(before.per_tonne, 'per_tonne'))
  const delta = rounded(change.times(amountOf(line).to('t')).over(productMass(record)), PLACES)
  const params = { lot: lotOf(before), before: before.per_tonne, after: after.per_tonne }
  reading.report[9].add(WARNING, 'input-changed', record.of, { ...params, delta: delta.startsWith('-') ? delta : `+${delta}` })
}
