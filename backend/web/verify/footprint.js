// SPDX-License-Identifier: Apache-2.0
// A lot's partial carbon footprint: read, and calculated anew, as leafproof/footprint.py does it, to the same digits.
import { Malformed } from './encoding.js'
import { apportioned, decimal, rounded, sum, ZERO } from './rational.js'
import { amountOf, parentOf, productMass } from './record.js'
import { convert, list, oneOf, orNull, struct, text } from './shape.js'
import { checkPrintable } from './texts.js'
import { quantity } from './units.js'
import { digest, lot } from './values.js'

export const WITHHELD = ['components']
export const JWT_TYPE = 'leafproof-footprint+sd-jwt'
const METHOD = 'leafproof-partial-1'
const PLACES = 3 // kg CO2e per tonne
const SHARE_PLACES = 4
const EXCLUDED = [
  'fuels burnt and process emissions on site',
  'auxiliary materials, water and waste treatment',
  'transport of inputs and products',
  'energy outside production runs',
  'use and end of life',
]

const stage = oneOf('raw material', 'production')
const kind = oneOf('primary', 'secondary', 'supplier')
const component = struct(
  { stage, name: text, subject: text, kind, quantity: text, unit: text, emissions: text },
  { factor: orNull(struct({ set: text, id: text })), footprint: orNull(text) },
)
const shape = struct(
  {
    gtin: text, lot: text, facility: text, record: text, method: text, per_tonne: text,
    stages: list(struct({ stage, kind, emissions: text })), primary_data_share: text,
    excluded: list(text), flags: list(text), status: oneOf('provisional', 'final'),
  },
  { supersedes: orNull(text), components: orNull(list(component)) },
)

export const MEMBERS = [
  'gtin', 'lot', 'facility', 'record', 'method', 'per_tonne', 'stages', 'primary_data_share', 'excluded', 'flags',
  'status', 'supersedes', 'components',
]

export const lotOf = (footprint) => lot(footprint.gtin, footprint.lot)

export function readFootprint(members) {
  const footprint = convert(members, shape, 'footprint')
  checkPrintable(footprint)
  lotOf(footprint)
  digest(footprint.record, 'record')
  decimal(footprint.per_tonne, 'per_tonne')
  decimal(footprint.primary_data_share, 'primary_data_share')
  for (const { emissions } of footprint.stages) decimal(emissions, 'stages.emissions')
  return footprint
}

// Which factor the components name, by carrier or material.
export const factorsUsed = (footprint) =>
  new Map((footprint.components ?? []).filter(({ factor }) => factor).map(({ subject, factor }) => [subject, factor]))

// The footprint that `record` has with the factors that `stated` names. `factorOf` finds a factor, `footprintOf` an
// input lot's footprint.
export function calculate(record, stated, factorOf, footprintOf) {
  const chosen = factorsUsed(stated)
  const emissions = (amount, subject) => {
    if (!chosen.has(subject)) throw new Malformed(`factor: none is chosen for ${subject}`)
    const used = factorOf(chosen.get(subject))
    if ((used.category === 'electricity') !== (subject === 'electricity')) {
      throw new Malformed(`factor: ${used.id} is a factor of ${used.category}, not of ${subject}`)
    }
    if (used.unit !== 'kg CO2e' && used.unit !== 'kg CO2') throw new Malformed(`factor: ${used.id} is in ${used.unit}, not in kg CO2e`)
    return { factor: chosen.get(subject), used, exact: amount.to(used.per).times(used.amount) }
  }
  const parts = [...electricity(record, emissions), ...inputs(record, emissions, footprintOf)]
  const mass = productMass(record)
  const published = apportioned(parts.map(({ exact }) => exact.over(mass)), PLACES)
  const components = parts.map((part, i) => ({ ...part.component, emissions: published.parts[i] }))
  const exact = sum(parts.map((part) => part.exact))
  const primary = sum(parts.map((part) => part.primary))
  return {
    gtin: record.of.split('/')[0],
    lot: record.lot,
    facility: record.facility,
    record: stated.record,
    method: METHOD,
    per_tonne: published.total,
    stages: stagesOf(components),
    primary_data_share: rounded(exact.compare(ZERO) ? primary.over(exact) : ZERO, SHARE_PLACES),
    excluded: EXCLUDED,
    flags: flags(record, parts),
    status: record.activity.some(({ gaps }) => gaps.length) ? 'provisional' : 'final',
    supersedes: stated.supersedes,
    components,
  }
}

// What each stage's components of one kind add up to, in the order in which they are named first.
function stagesOf(components) {
  const sums = new Map()
  for (const { stage, kind, emissions } of components) {
    const name = `${stage} ${kind}`
    const total = (sums.get(name)?.total ?? ZERO).plus(decimal(emissions, 'emissions'))
    sums.set(name, { stage, kind, total })
  }
  return [...sums.values()].map(({ stage, kind, total }) => ({ stage, kind, emissions: rounded(total, PLACES) }))
}

const made = (stage, line, subject, kind, { factor = null, footprint = null }) => ({
  stage, name: line.name, subject, kind, quantity: line.quantity, unit: line.unit, emissions: '', factor, footprint,
})

function* electricity(record, emissions) {
  for (const activity of record.activity) {
    const amount = quantity(activity.quantity, activity.unit, 'activity')
    const { factor, used, exact } = emissions(amount, activity.carrier)
    const line = { ...activity, name: activity.point }
    yield { component: made('production', line, activity.carrier, 'primary', { factor }), used, exact, primary: exact }
  }
}

function* inputs(record, emissions, footprintOf) {
  for (const line of record.inputs) {
    if (line.material !== null) {
      const { factor, used, exact } = emissions(amountOf(line), line.material)
      yield { component: made('raw material', line, line.material, 'secondary', { factor }), used, exact, primary: ZERO }
      continue
    }
    if (line.footprint === null) throw new Malformed(`inputs: ${line.name}: the input lot has no footprint`)
    const upstream = footprintOf(line.footprint)
    const parent = parentOf(line)
    if (lotOf(upstream) !== parent) throw new Malformed(`inputs: ${line.name}: the footprint named is another lot's`)
    const exact = amountOf(line).to('t').times(decimal(upstream.per_tonne, 'per_tonne'))
    const primary = exact.times(decimal(upstream.primary_data_share, 'primary_data_share'))
    yield { component: made('raw material', line, parent, 'supplier', { footprint: line.footprint }), used: null, exact, primary }
  }
}

function flags(record, parts) {
  const found = []
  for (const { component, used } of parts) {
    if (!used) continue
    if (used.subject !== component.subject) found.push(`${used.id}: a factor of ${used.subject}, used for ${component.subject}`)
    if (used.category === 'electricity') {
      for (const leftOut of ['transmission-losses', 'fuel-supply']) {
        if (!used.boundary.includes(leftOut)) found.push(`${used.id}: ${leftOut.replace('-', ' ')} not included`)
      }
    }
    if (used.gases.length === 1 && used.gases[0] === 'CO2') found.push(`${used.id}: CO2 only`)
  }
  if (record.outputs.some(({ role }) => role === 'co-product')) found.push('burden shared with co-products by mass')
  if (record.activity.some(({ split }) => split)) found.push("metering intervals cut by the run's bounds were split pro rata")
  if (record.activity.some(({ gaps }) => gaps.length)) found.push('metering gaps: energy not metered is not counted')
  return [...new Set(found)]
}
