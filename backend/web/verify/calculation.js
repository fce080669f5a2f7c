// SPDX-License-Identifier: Apache-2.0
// A lot's footprint by a method profile, calculated anew as leafproof/calculation.py does it, to the same digits.
import { Carbon, emitted, gasOf, isLump } from './carbon.js'
import { carrierOf, ELECTRICITY } from './carriers.js'
import { Malformed } from './encoding.js'
import { flagsOf, OUTSIDE } from './flagged.js'
import { choicesOf, lotOf, PLACES, SHARE_PLACES } from './footprint.js'
import { looped } from './looped.js'
import { certified, checkSources, cover, SOURCES } from './market.js'
import { CATEGORIES, namedProfile, refuse } from './profile.js'
import * as quality from './quality.js'
import { apportioned, decimal, Fraction, rounded, sum, ZERO } from './rational.js'
import { amountOf, mostlyEstimated, parentOf, productMass } from './record.js'
import { shared } from './sharing.js'
import { quantity, scale } from './units.js'
import { utcSeconds } from './values.js'

const MASS_PLACES = 6 // kg of a gas per tonne
const UNIT_PLACES = 6 // kg CO2e per functional unit
const ONE = new Fraction(1n)
const UPTAKE = 'biogenic uptake'

// The footprint that `record` has by the profile and with the choices that `stated` names. `sources` finds a factor,
// an input lot's footprint and an energy period.
export function calculate(record, stated, sources) {
  const profile = namedProfile(stated.profile)
  const choices = choicesOf(stated)
  checkProduct(profile.product, choices.product)
  checkCutOff(profile['cut-off'], choices.exempted)
  const sharing = shared(record, choices.allocation, profile.allocation)
  const wanted = certified(record, choices, profile, sources)
  const work = { record, recordId: stated.record, profile, choices, sources, sharing, by: stated.profile.id }
  const parts = [...energyOf(work, wanted), ...inputsOf(work)]
  const { counted } = profile.categories
  const exact = parts.map(({ carbon, perTonne }) => carbon.of(counted).times(perTonne))
  const published = apportioned(exact, PLACES)
  const components = parts.map(({ component }, i) => ({ ...component, emissions: published.parts[i] }))
  const whole = new Carbon()
  for (const { carbon, perTonne } of parts) whole.add(carbon, perTonne)
  return {
    gtin: record.of.split('/')[0],
    lot: record.lot,
    facility: record.facility,
    region: choices.region,
    record: stated.record,
    profile: stated.profile,
    per_tonne: published.total,
    stages: stagesOf(components),
    categories: categoriesOf(whole, counted),
    masses: whole.inOrder().map(([category, gas, kg]) => ({ category, gas, kg: rounded(kg, MASS_PLACES) })),
    primary_data_share: primaryShare(parts, counted),
    allocation: sharing.stated,
    exempted: choices.exempted,
    excluded: profile.boundary.excluded,
    flags: flagsOf(record, parts, profile, choices, sharing, wanted),
    status: statusOf(record, parts, profile, choices),
    quality: profile.quality.rated ? quality.weighted(ratingsOf(parts)) : null,
    product: profile.product.required.length ? choices.product : null,
    functional: functionalOf(sum(exact), profile.product, choices.product),
    period: choices.period,
    certificates: choices.certificates,
    supersedes: stated.supersedes,
    prices: sharing.prices,
    components,
  }
}

const made = (stage, line, subject, kind, footprint = null) => ({
  stage, name: line.name, subject, kind, quantity: line.quantity, unit: line.unit, emissions: '', factors: [], footprint, overhead: false,
  estimated: false,
})

// Metered carriers, then energy outside runs; electricity is cut into what certificates cover and the rest.
function energyOf(work, wanted) {
  const lines = [...linesOf(work)]
  const cut = cover(lines.map(([line]) => line), wanted)
  return lines.flatMap(([, primary, perTonne], place) => cut[place].map((one) => byFactors(work, one, primary, perTonne)))
}

// What is counted of energy, which part of it was metered, and how much of its burden each tonne of product carries.
function* linesOf(work) {
  const { record, profile, choices, sources, sharing } = work
  const counts = (carrier) => carrierOf(carrier).category !== ELECTRICITY || profile.boundary.electricity
  for (const activity of record.activity.filter(({ carrier }) => counts(carrier))) {
    if (activity.basis === 'gross') {
      throw new Malformed(`factor: ${activity.point}: energy by gross calorific value, factors of fuels are for the net one`)
    }
    const component = made('production', { ...activity, name: activity.point }, activity.carrier, 'primary')
    yield [component, ONE, sharing.ofProduct(activity.point)]
    if (activity.estimated) {
      const { quantity: more } = activity.estimated
      yield [{ ...component, kind: 'secondary', quantity: more, estimated: true }, ZERO, sharing.ofProduct(activity.point)]
    }
  }
  if (choices.period !== null) {
    if (!profile.overhead.counted) refuse(profile.overhead, 'energy outside runs is not part of it')
    const period = sources.period(choices.period)
    if (period.facility !== record.facility) throw new Malformed("period: the energy period is another facility's")
    isOf(period, work.recordId, record, counts)
    for (const balance of period.of(work.recordId).filter(({ carrier }) => counts(carrier))) {
      const component = made('production', { ...balance, name: OUTSIDE }, balance.carrier, 'primary')
      yield [{ ...component, overhead: true }, balance.read, sharing.ofProduct(null)]
    }
  }
}

function* inputsOf(work) {
  const { record, sharing } = work
  const closed = looped(record)
  for (const line of record.inputs) {
    const material = secondary(work, line)
    if (material === null) yield ofLot(work, line)
    else if (closed.includes(line)) yield brought(made('raw material', line, material, 'primary'), sharing.ofProduct(null))
    else yield byFactors(work, made('raw material', line, material, 'secondary'), ZERO, sharing.ofProduct(null))
  }
}

// The material by whose factors a line counts; null where a lot's own footprint counts.
function secondary({ choices, sources, by }, line) {
  if (line.material === null || line.footprint === null || parentOf(line) === null) return line.material
  return choices.parents.has(parentOf(line)) || sources.footprint(line.footprint).profile.id === by ? null : line.material
}

// Whether the period holds the run, with the record's own tonnes, and all energy that it counts.
function isOf(period, recordId, record, counts) {
  const [opened, closed] = record.window
  if (!(utcSeconds(period.start, 'start') <= opened && closed <= utcSeconds(period.end, 'end'))) {
    throw new Malformed('period: the run is not within the energy period')
  }
  const tonnes = period.lots.find((lot) => lot.record === recordId)?.tonnes
  if (tonnes !== undefined && decimal(tonnes, 'tonnes').compare(productMass(record)) !== 0) {
    throw new Malformed(`period: the energy period has ${tonnes} t of the lot, its record another mass`)
  }
  const known = period.balances.map(({ carrier }) => carrier)
  const lacking = record.activity.find(({ carrier }) => counts(carrier) && !known.includes(carrier))
  if (lacking) throw new Malformed(`period: the energy period has no ${lacking.carrier}`)
}

const withoutUptake = (counted) => counted.filter((category) => category !== UPTAKE)

// What a loop brings: nothing.
const brought = (component, perTonne) => ({
  component, carbon: new Carbon(), perTonne, primary: ONE, ratings: [], factors: [], upstream: null,
})

// A component by the sum of the factors chosen for its subject.
function byFactors({ record, profile, choices, sources }, component, primary, perTonne) {
  const refs = choices.factors.get(component.subject) ?? []
  if (!refs.length) throw new Malformed(`factor: none is chosen for ${component.subject}`)
  const factors = refs.map((ref) => sources.factor(ref))
  checkFactors(profile, component.subject, factors, component.kind === 'primary' || component.estimated)
  const amount = quantity(component.quantity, component.unit, 'quantity')
  const carbon = new Carbon()
  const ratings = factors.map((one) => {
    const found = emitted(one, amount, profile)
    carbon.add(found, ONE)
    const rated = quality.ofFactor(one, component.subject, choices.region, record.window[1], profile.quality)
    return { ratings: rated, amount: found.of(withoutUptake(profile.categories.counted)) }
  })
  return { component: { ...component, factors: refs }, carbon, perTonne, primary, ratings, factors, upstream: null }
}

function ofLot({ profile, choices, sources, sharing, by }, line) {
  if (line.footprint === null) throw new Malformed(`inputs: ${line.name}: the input lot has no footprint`)
  const parent = parentOf(line)
  const chosen = choices.parents.get(parent) ?? line.footprint
  const upstream = sources.footprint(chosen)
  if (lotOf(upstream) !== parent) throw new Malformed(`inputs: ${line.name}: the footprint named is another lot's`)
  if (upstream.profile.id !== by) throw new Malformed(`inputs: ${line.name}: the footprint named is by ${upstream.profile.id}`)
  if (chosen !== line.footprint && sources.footprint(line.footprint).record !== upstream.record) {
    throw new Malformed(`inputs: ${line.name}: the footprint named is of another record of the lot`)
  }
  const carbon = new Carbon().bring(upstream, amountOf(line).to('t'))
  const ratings = [{ ratings: quality.ofFootprint(upstream), amount: carbon.of(withoutUptake(profile.categories.counted)) }]
  const primary = decimal(upstream.primary_data_share, 'primary_data_share')
  const component = made('raw material', line, parent, 'supplier', chosen)
  return { component, carbon, perTonne: sharing.ofProduct(null), primary, ratings, factors: [], upstream }
}

const words = (names) => [...names].map((name) => name.replaceAll('-', ' ')).join(', ')

const categoryOf = (subject) => (SOURCES.includes(subject) ? ELECTRICITY : carrierOf(subject).category)

function checkFactors(profile, subject, used, metered) {
  const { electricity, boundary } = profile
  const counted = new Set()
  const category = metered ? categoryOf(subject) : 'material'
  if (category === ELECTRICITY) checkSources(profile, subject, used)
  for (const one of used) {
    if (metered ? one.category !== category : one.category === ELECTRICITY) {
      throw new Malformed(`factor: ${one.id} is a factor of ${one.category}, not of ${subject}`)
    }
    if (one.category === ELECTRICITY) {
      const twice = one.boundary.filter((part) => counted.has(part))
      if (twice.length) refuse(electricity, `${one.id} counts ${words(new Set(twice.sort()))} once more`)
      for (const part of one.boundary) counted.add(part)
    }
    const wanted = boundary.material_boundary
    if (one.category === 'material' && wanted !== null && (one.boundary.length !== 1 || one.boundary[0] !== wanted)) {
      refuse(boundary, `${one.id} counts ${words(one.boundary)}, not ${wanted}`)
    }
  }
  checkGases(subject, category, used)
  const missing = electricity.required.filter((part) => !counted.has(part))
  if (category === ELECTRICITY && electricity.incomplete === 'refuse' && missing.length) {
    const ids = used.map(({ id }) => id).join(' + ')
    refuse(electricity, `${ids}: ${words(missing)} not included, and no factor adds it`)
  }
}

// A thing's factors may come gas by gas: then none may be left out that makes it small.
function checkGases(subject, category, used) {
  if (category === 'gas') {
    const whole = sum(used.map((one) => decimal(one.value, 'value').over(scale(one.per, 'kg'))))
    if (whole.compare(ONE) !== 0) throw new Malformed(`factor: ${subject}: the gases chosen are not all of it, and nothing else`)
    return
  }
  const told = used.map((one) => one.flow !== UPTAKE && (isLump(one) || gasOf(one) === 'CO2'))
  if (!(category === ELECTRICITY ? told.every(Boolean) : told.some(Boolean))) {
    throw new Malformed(`factor: ${subject}: the CO2 is missing among the factors chosen`)
  }
}

function checkProduct(rule, facts) {
  for (const name of rule.required) {
    if (!facts?.[name]) refuse(rule, `the product's ${name.replaceAll('_', ' ')} is not stated`)
  }
  if (rule.cn_prefixes.length && facts && !rule.cn_prefixes.some((prefix) => String(facts.cn_code).startsWith(prefix))) {
    refuse(rule, `CN ${facts.cn_code} is not among the goods of this profile`)
  }
}

function checkCutOff(rule, { percent: stated, reason }) {
  const percent = decimal(stated, 'exempted.percent')
  if (percent.compare(ZERO) < 0 || percent.compare(new Fraction(100n)) >= 0) refuse(rule, `${stated} % cannot be exempted`)
  if (percent.compare(ZERO) > 0 && !reason.trim()) refuse(rule, 'what is exempted needs a reason')
  if (rule.max_percent !== null && percent.compare(decimal(rule.max_percent, 'max_percent')) > 0) {
    refuse(rule, `${stated} % are exempted, at most ${rule.max_percent} % may be`)
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

// All five: those counted add up to the result, the others stand beside it.
function categoriesOf(whole, counted) {
  const cut = apportioned(counted.map((category) => whole.of([category])), PLACES).parts
  return CATEGORIES.map((category) => {
    const place = counted.indexOf(category)
    const emissions = place >= 0 ? cut[place] : rounded(whole.of([category]), PLACES)
    return { category, emissions, counted: place >= 0 }
  })
}

function primaryShare(parts, counted) {
  const amounts = parts.map(({ carbon, perTonne }) => carbon.of(withoutUptake(counted)).times(perTonne))
  const whole = sum(amounts)
  const primary = sum(amounts.map((amount, i) => amount.times(parts[i].primary)))
  return rounded(whole.compare(ZERO) > 0 ? primary.over(whole) : ZERO, SHARE_PLACES)
}

const ratingsOf = (parts) =>
  parts.flatMap(({ ratings, perTonne }) => ratings.map((one) => ({ ratings: one.ratings, amount: one.amount.times(perTonne) })))

function statusOf(record, parts, { overhead }, { period }) {
  const open = overhead.required && period === null
  const gaps = record.activity.some((activity) => activity.gaps.length || mostlyEstimated(activity))
  return open || gaps || parts.some(({ upstream }) => upstream?.status === 'provisional') ? 'provisional' : 'final'
}

function functionalOf(total, rule, facts) {
  if (rule.functional_unit === null || facts === null) return null
  const energy = decimal(String(facts.service_life_kwh_per_tonne), 'service_life_kwh_per_tonne')
  if (energy.compare(ZERO) <= 0) refuse(rule, 'the energy over the service life is not positive')
  return { unit: rule.functional_unit, emissions: rounded(total.over(energy), UNIT_PLACES) }
}
