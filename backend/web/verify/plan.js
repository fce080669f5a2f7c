// SPDX-License-Identifier: Apache-2.0
// The metering plan, as leafproof/metering.py reads and checks it.
import { carrierOf, GOODS, publishedUnit } from './carriers.js'
import { bodyContent } from './disclosure.js'
import { Malformed } from './encoding.js'
import { decimal, Fraction, ZERO } from './rational.js'
import { convert, list, oneOf, orNull, struct, text, whole } from './shape.js'
import { checkPrintable } from './texts.js'
import { dimension, ratio, scale } from './units.js'
import { checkZone, digest, gln, pointName, utcSeconds } from './values.js'

const DAY = 86400
const MAX_POINTS = 4096
const MAX_CONVERSIONS = 4
const MIN_EQUAL = 2
const MAX_EQUAL = 10000
const MAX_REPLACED = 50
const HUNDRED = new Fraction(100n)
const RATIOS = {
  'calorific value': [['energy'], ['gas volume', 'volume', 'mass']],
  enthalpy: [['energy'], ['mass']],
  density: [['mass'], ['gas volume', 'volume']],
  concentration: [['mass', 'gas volume'], ['gas volume', 'mass']],
  'net to gross': [['energy'], ['energy']],
}
const WITH_BASIS = ['calorific value', 'net to gross']

const BASIS = oneOf('net', 'gross')
const conversion = struct(
  { quantity: oneOf('calorific value', 'enthalpy', 'density', 'concentration', 'net to gross'), unit: text, source: text },
  { value: orNull(text), point: orNull(text), basis: orNull(BASIS), conditions: orNull(text) },
)
const replacement = struct({ time: text, final: text, initial: text })
const plausible = struct({ source: text }, { minimum: orNull(text), maximum: orNull(text), frozen_after: orNull(whole) })
const estimates = struct({ method: oneOf('neighbours'), up_to_seconds: whole, source: text })
const point = struct(
  {
    point: text, line: orNull(text), carrier: text, kind: oneOf('interval', 'register', 'weight', 'value'),
    names: oneOf('end', 'start'), interval_seconds: whole, unit: text, resolution: text, gateway: text,
    parent: orNull(text), meter: text, accuracy_class: text, heartbeat_seconds: whole,
  },
  { basis: orNull(BASIS), conversions: list(conversion), tolerance: orNull(text), replaced: list(replacement), plausible: orNull(plausible),
    estimates: orNull(estimates) },
)
const shape = struct({ facility: text, zone: text, version: whole, valid_from: text, points: list(point) })

export function readPlan(body) {
  const plan = convert(bodyContent(body), shape, 'metering plan')
  checkPrintable(plan)
  gln(plan.facility, 'facility')
  checkZone(plan.zone)
  plan.validFrom = utcSeconds(plan.valid_from, 'valid_from')
  if (!plan.points.length || plan.points.length > MAX_POINTS) throw new Malformed(`points: 1 to ${MAX_POINTS} are allowed`)
  const named = new Map(plan.points.map((one) => [one.point, one]))
  if (named.size !== plan.points.length) throw new Malformed('points: one name is given twice')
  for (const one of plan.points) checkPlaced(one, named)
  checkCarriers(plan.points)
  return plan
}

function checkPlaced(one, named) {
  checkPoint(one)
  if (one.parent !== null && !named.has(one.parent)) throw new Malformed(`points.parent: ${one.parent} is no point of this plan`)
  checkNesting(one, named)
  for (const { point: name, unit } of one.conversions) {
    if (name === null) continue
    const reader = named.get(name)
    if (reader?.kind !== 'value' || reader.carrier !== one.carrier) {
      throw new Malformed(`conversions.point: ${name} reads no value of ${one.carrier}`)
    }
    scale(reader.unit, unit)
  }
}

// Whether a point meters an amount of a carrier; a scale for goods and a quality's point do not.
const counts = ({ kind, carrier }) => kind !== 'value' && carrier !== GOODS

function checkPoint(one) {
  one.conversions ??= []
  pointName(one.point)
  digest(one.gateway, 'points.gateway')
  dimension(one.unit)
  decimal(one.resolution, 'points.resolution')
  if (one.interval_seconds < 1 || one.interval_seconds > DAY || DAY % Number(one.interval_seconds)) {
    throw new Malformed('points.interval_seconds: not a whole part of a day')
  }
  if (one.conversions.length > MAX_CONVERSIONS) throw new Malformed(`points.conversions: more than ${MAX_CONVERSIONS}`)
  for (const step of one.conversions) checkConversion(step)
  if (one.tolerance !== null) {
    const percent = decimal(one.tolerance, 'points.tolerance')
    if (percent.compare(ZERO) < 0 || percent.compare(HUNDRED) > 0) {
      throw new Malformed(`points.tolerance: ${one.tolerance} is not a percentage from 0 to 100`)
    }
  }
  checkReplaced(one)
  if (one.plausible) checkPlausible(one)
  if (one.estimates) checkEstimates(one)
  if (one.kind === 'weight' && (Number(one.interval_seconds) !== 1 || one.names !== 'end')) {
    throw new Malformed(`points.interval_seconds: ${one.point}: a weighing takes 1 second, named by its end`)
  }
  if (one.carrier === GOODS && (one.kind !== 'weight' || dimension(one.unit) !== 'mass')) {
    throw new Malformed(`points.carrier: ${one.point}: goods are weighed, in a unit of mass`)
  }
  if (counts(one)) published(one)
  else if (one.line || one.parent || one.conversions.length || one.basis || one.tolerance) {
    throw new Malformed(`points.line: ${one.point}: it counts no carrier, and is on no line`)
  } else if (one.kind === 'value') carrierOf(one.carrier)
}

function checkReplaced({ point: name, kind, replaced }) {
  const moments = (replaced ?? []).map(({ time, final, initial }) => {
    decimal(final, 'replaced.final')
    decimal(initial, 'replaced.initial')
    return utcSeconds(time, 'replaced.time')
  })
  if (moments.length && (kind !== 'register' || moments.length > MAX_REPLACED)) {
    throw new Malformed(`points.replaced: for a register alone, and at most ${MAX_REPLACED}`)
  }
  if (moments.some((moment, i) => i && moments[i - 1] >= moment)) throw new Malformed(`points.replaced: ${name}: not in order of time`)
}

function checkPlausible({ point: name, kind, plausible: { source, minimum, maximum, frozen_after: equal } }) {
  const low = minimum === null ? null : decimal(minimum, 'plausible.minimum')
  const high = maximum === null ? null : decimal(maximum, 'plausible.maximum')
  if (low && high && low.compare(high) > 0) throw new Malformed(`plausible.minimum: ${minimum} is more than ${maximum}`)
  if (equal !== null && (equal < MIN_EQUAL || equal > MAX_EQUAL)) {
    throw new Malformed(`plausible.frozen_after: ${MIN_EQUAL} to ${MAX_EQUAL} are allowed`)
  }
  if (!low && !high && equal === null) throw new Malformed('plausible: it states neither a range nor a number of equal readings')
  if (!source.trim()) throw new Malformed('plausible.source: by what is it known?')
  if (kind === 'weight') throw new Malformed(`points.plausible: ${name}: not for weighings, which are lines of a record`)
}

function checkEstimates({ point: name, kind, interval_seconds: step, estimates: { up_to_seconds: most, source } }) {
  if (most < step || most > DAY) throw new Malformed('estimates.up_to_seconds: less than one interval, or more than a day')
  if (!source.trim()) throw new Malformed('estimates.source: by which procedure?')
  if (kind !== 'interval' && kind !== 'value') throw new Malformed(`points.estimates: ${name}: not for registers and scales`)
}

// The estimates that a point's activity data may hold: its own, and of the points that its conversions read.
export function estimatesOf(plan, name) {
  const found = plan.points.find((one) => one.point === name)
  const readers = found ? [name, ...found.conversions.map((step) => step.point)] : []
  return plan.points.filter((one) => readers.includes(one.point) && one.estimates).map((one) => one.estimates)
}

function checkConversion(step) {
  const [above, below] = ratio(step.unit)
  if (!above) throw new Malformed(`conversions.unit: '${step.unit.slice(0, 20)}' is no ratio such as MJ/Nm3`)
  const [over, under] = RATIOS[step.quantity]
  if (!over.includes(dimension(above)) || !under.includes(dimension(below))) {
    throw new Malformed(`conversions.unit: a ${step.quantity} is not in ${step.unit}`)
  }
  if ((step.value === null) === (step.point === null)) {
    throw new Malformed(`conversions.value: ${step.quantity}: either a value or a point that reads it`)
  }
  if (step.value !== null && decimal(step.value, 'conversions.value').compare(ZERO) <= 0) {
    throw new Malformed(`conversions.value: ${step.value} is not positive`)
  }
  if ((step.basis !== null) !== WITH_BASIS.includes(step.quantity)) {
    throw new Malformed(`conversions.basis: ${step.quantity}: net or gross is for calorific values alone`)
  }
  if (step.quantity === 'enthalpy' && !(step.conditions ?? '').trim()) {
    throw new Malformed(`conversions.conditions: ${step.quantity}: of which state?`)
  }
  if (!step.source.trim()) throw new Malformed(`conversions.source: ${step.quantity}: by whom, or from which table?`)
}

// What a point's readings become by the conversions: unit and basis.
function published(one) {
  let { unit, basis } = one
  for (const step of one.conversions) {
    const [above, below] = ratio(step.unit)
    scale(unit, below)
    if (step.quantity === 'net to gross' && basis === step.basis) {
      throw new Malformed(`conversions.basis: ${one.point}: it is ${basis} already`)
    }
    unit = above
    basis = step.basis ?? basis
  }
  const last = dimension(unit)
  const found = publishedUnit(one.carrier, last)
  const burnt = carrierOf(one.carrier).category === 'fuel' && last === 'energy'
  if ((basis === null) === burnt) throw new Malformed(`basis: ${one.point}: energy of fuels is net or gross, and nothing else is`)
  return `${found} ${basis}`
}

// All points of a carrier are counted as one thing.
function checkCarriers(points) {
  const known = new Map()
  for (const one of points.filter(counts)) {
    const found = published(one)
    if ((known.get(one.carrier) ?? found) !== found) {
      throw new Malformed(`points.conversions: ${one.point}: elsewhere ${one.carrier} is in another unit, or on another basis`)
    }
    known.set(one.carrier, found)
  }
}

// A point that meters a part of another line's point would be counted twice.
function checkNesting(one, named) {
  let above = one.parent
  for (let steps = 0; steps < named.size && above !== null; steps++) {
    const parent = named.get(above)
    if (!counts(parent) || parent.carrier !== one.carrier) {
      throw new Malformed(`points.parent: ${parent.point} does not meter ${one.carrier}`)
    }
    if (one.line !== null && parent.line !== null) {
      throw new Malformed(`points.line: ${one.point} is metered by ${parent.point} as well, and both are on a line`)
    }
    above = parent.parent
  }
  if (above !== null) throw new Malformed(`points.parent: ${one.point} hangs on itself`)
}
