// SPDX-License-Identifier: Apache-2.0
// Check 8, for each lot of a bundle, by the rules of leafproof/verification/lots.py.
import { checkDeclaredRecomputed } from './declared.js'
import { checkStages } from './lifecycle.js'
import { ownPlan, unmetered } from './evidence.js'
import { calculate } from './calculation.js'
import { contradictions, lotOf, MEMBERS, setsUsed } from './footprint.js'
import { namedProfile } from './profile.js'
import { FAIL, NOT_CHECKED, PASS, WARNING } from './report.js'
import { differences } from './shape.js'

// 8: footprints from facts and factors, to the same digits.
export async function checkRecomputed(reading, pause) {
  const check = reading.report[8]
  for (const record of reading.used()) {
    const plan = ownPlan(reading, record, reading.plan(record))
    check.add(NOT_CHECKED, unmetered(reading, record, plan), record.content.of)
    await pause()
  }
  for (const statement of reading.footprints.values()) {
    const record = reading.recordOf(statement)
    if (record) check.attempt('not-computable', lotOf(statement.content), () => recompute(reading, statement.content, record))
    await pause()
  }
  checkDeclaredRecomputed(reading)
  checkStages(reading)
  published(reading)
}

// Who chose the factors: arithmetic cannot tell a good number from a convenient one.
function published(reading) {
  const sets = [...reading.footprints.values()].flatMap(({ content }) => setsUsed(content))
  for (const publisher of [...new Set(sets.map((set) => reading.issuer(set)).filter(Boolean))].sort()) {
    const known = reading.trust.publishers.includes(publisher)
    reading.report[8].add(known ? PASS : WARNING, known ? 'factors-published' : 'factors-unknown', '', { publisher })
  }
}

function recompute(reading, stated, record) {
  const [check, lot, facts] = [reading.report[8], lotOf(stated), record.content]
  const period = stated.period === null ? null : reading.makerOf(stated.period)
  if (period !== null && period !== reading.maker(record)) check.add(FAIL, 'period-foreign', lot)
  const named = [stated.period, ...stated.certificates.map(({ cancellation }) => cancellation)]
  const hidden = named.some((id) => reading.withheld(id))
  if (hidden || [stated.components, stated.prices, facts.outputs, facts.inputs, facts.activity].includes(null)) {
    check.attempt('not-computable', lot, () => namedProfile(stated.profile))
    for (const [part, given, computed] of contradictions(stated)) check.add(FAIL, 'footprint-differs', lot, { part, stated: given, computed })
    check.add(NOT_CHECKED, 'withheld', lot)
    return
  }
  const computed = calculate(facts, stated, reading)
  const differing = differences(MEMBERS, stated, computed)
  for (const params of differing) check.add(FAIL, 'footprint-differs', lot, params)
  if (!differing.length) check.add(PASS, 'footprint-recomputed', lot, { value: stated.per_tonne, profile: stated.profile.id })
}
