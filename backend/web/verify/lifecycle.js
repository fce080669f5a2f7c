// SPDX-License-Identifier: Apache-2.0
// Stages after the gate: read, and calculated anew, as leafproof/lifecycle.py and leafproof/verification/stages.py do.
import { bodyContent } from './disclosure.js'
import { Malformed } from './encoding.js'
import { PLACES } from './footprint.js'
import { standingStages } from './heads.js'
import { apportioned, decimal, ZERO } from './rational.js'
import { FAIL, WARNING } from './report.js'
import { convert, list, oneOf, orNull, struct, text } from './shape.js'
import { checkPrintable } from './texts.js'
import { quantity } from './units.js'
import { digest, lot } from './values.js'

const MAX_LINES = 100
const MAX_TEXT = 500 // characters
const TRANSPORT = 't.km'

const optional = {
  quantity: orNull(text), unit: orNull(text), distance_km: orNull(text), factor: orNull(struct({ set: text, id: text })),
  stated: orNull(text), source: orNull(text),
}
const line = struct({ name: text, emissions: text }, optional)
const shape = struct(
  {
    gtin: text, lot: text, stage: oneOf('logistics', 'installation', 'use', 'recycling'),
    basis: oneOf('measured', 'supplier-stated', 'scenario'), name: text, assumptions: text, tonnes: text, lines: list(line),
    per_tonne: text,
  },
  { supersedes: orNull(text) },
)

export function readStage(body) {
  const found = convert(bodyContent(body), shape, 'life-cycle stage')
  checkPrintable(found)
  found.of = lot(found.gtin, found.lot)
  if (found.supersedes !== null) digest(found.supersedes, 'supersedes')
  for (const field of ['name', 'assumptions']) {
    const length = [...found[field].trim()].length
    if (length < 1 || length > MAX_TEXT) throw new Malformed(`${field}: not 1 to ${MAX_TEXT} characters`)
  }
  if (decimal(found.tonnes, 'tonnes').compare(ZERO) <= 0) throw new Malformed('tonnes: not positive')
  decimal(found.per_tonne, 'per_tonne')
  if (!found.lines.length || found.lines.length > MAX_LINES) throw new Malformed(`lines: 1 to ${MAX_LINES} are allowed`)
  for (const one of found.lines) checkLine(one, found.basis)
  return found
}

function checkLine(one, basis) {
  const counted = [one.quantity, one.unit, one.factor]
  if ((one.stated === null) === counted.includes(null)) {
    throw new Malformed(`lines: ${one.name}: either quantity, unit and factor, or a stated number`)
  }
  if (one.stated !== null) {
    if ([...counted, one.distance_km].some((value) => value !== null) || !(one.source ?? '').trim()) {
      throw new Malformed(`lines.stated: ${one.name}: stands alone, with its source`)
    }
    if (basis === 'measured') throw new Malformed(`lines.stated: ${one.name}: a stated number is no measurement`)
    checkCredit(one, decimal(one.stated, 'lines.stated'), basis)
    return
  }
  for (const field of ['quantity', 'distance_km']) {
    if (one[field] !== null && decimal(one[field], `lines.${field}`).compare(ZERO) < 0) {
      throw new Malformed(`lines.${field}: ${one.name}: negative`)
    }
  }
}

function checkCredit({ name }, emissions, basis) {
  if (emissions.compare(ZERO) < 0 && basis !== 'scenario') {
    throw new Malformed(`lines: ${name}: a credit is a scenario, and nothing else`)
  }
}

function emitted(one, factorOf) {
  if (one.stated !== null) return decimal(one.stated, 'lines.stated')
  const used = factorOf(one.factor)
  if (used.unit !== 'kg CO2e' && used.unit !== 'kg CO2') throw new Malformed(`factor: ${used.id} is in ${used.unit}, not in kg CO2e`)
  if ((used.per === TRANSPORT) !== (one.distance_km !== null)) {
    throw new Malformed(`lines.distance_km: ${one.name}: goes with a factor per ${TRANSPORT}, and no other`)
  }
  const amount = quantity(one.quantity, one.unit, 'lines.quantity')
  if (one.distance_km === null) return amount.to(used.per).times(used.amount)
  return amount.to('t').times(decimal(one.distance_km, 'lines.distance_km')).times(used.amount)
}

function calculate({ lines, tonnes, basis }, factorOf) {
  const mass = decimal(tonnes, 'tonnes')
  const exact = lines.map((one) => emitted(one, factorOf))
  for (const [i, one] of lines.entries()) checkCredit(one, exact[i], basis)
  return apportioned(exact.map((emissions) => emissions.over(mass)), PLACES)
}

// 8: each stage that is attached to the bundle's lot.
export function checkStages(reading) {
  const [check, own] = [reading.report[8], reading.bundle.lot]
  const record = reading.record(own)
  const misplaced = (statement) => {
    if (!record || statement.content.of !== own) return 'stage-elsewhere'
    return reading.maker(statement) !== reading.maker(record) ? 'stage-foreign' : null
  }
  for (const statement of reading.stages.values()) {
    const code = misplaced(statement)
    if (code) check.add(FAIL, code, statement.label)
  }
  for (const several of standingStages(reading).values()) {
    const attached = several.filter((statement) => !misplaced(statement))
    for (const { label } of attached.slice(1)) check.add(FAIL, 'stage-fork', label, { other: attached[0].label })
    for (const statement of attached) check.attempt('not-computable', statement.label, () => recompute(reading, statement))
  }
}

function recompute(reading, { label, content: stated }) {
  const check = reading.report[8]
  const { parts, total } = calculate(stated, (ref) => reading.factor(ref))
  if (total !== stated.per_tonne || parts.some((part, i) => part !== stated.lines[i].emissions)) {
    check.add(FAIL, 'stage-differs', label, { stated: stated.per_tonne, computed: total })
    return
  }
  const params = { stage: stated.stage, name: stated.name, value: stated.per_tonne }
  check.add(WARNING, `stage-${stated.basis}`, label, params) // no reading shows any of them
}
