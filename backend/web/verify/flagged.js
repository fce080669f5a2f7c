// SPDX-License-Identifier: Apache-2.0
// What a footprint's reader must know, as leafproof/flagged.py says it.
import { isLump } from './carbon.js'
import { ELECTRICITY } from './carriers.js'
import { RESIDUAL, SOURCES, surplus } from './market.js'
import { covers } from './quality.js'
import { Fraction } from './rational.js'
import { estimatedPercent, mostlyEstimated } from './record.js'

export const OUTSIDE = 'energy outside runs'
const ONE = new Fraction(1n)
const SUPPLEMENTS = ['transmission-losses', 'fuel-supply']

export function flagsOf(record, parts, profile, choices, sharing, wanted) {
  const found = parts.flatMap(({ component, factors, primary }) => [
    ...(component.kind === 'secondary' && !component.estimated ? [`${component.name}: no evidence from upstream, counted by a secondary factor`] : []),
    ...ofFactors(component.subject, factors, profile, choices.region),
    ...(component.overhead && primary.compare(ONE) < 0 ? ['part of the energy outside runs is estimated, for want of readings'] : []),
  ])
  found.push(...ofContracts(parts, profile, wanted))
  if (sharing.stated.method === 'mass') found.push('burden shared with co-products by mass')
  if (sharing.stated.method === 'economic') found.push('burden shared with co-products by value')
  if (sharing.stated.subdivided.length) found.push('some metering points serve one output alone')
  if (profile.allocation.value_ratio && sharing.stated.method === 'mass' && !sharing.prices.length) {
    found.push('prices of the co-products are not stated: whether mass is allowed was not tested')
  }
  if (record.activity.some(({ split }) => split)) found.push("metering intervals cut by the run's bounds were split pro rata")
  if (record.activity.some(({ gaps }) => gaps.length)) found.push('metering gaps: energy not metered is not counted')
  for (const one of record.activity.filter(({ estimated }) => estimated)) {
    found.push(`${one.point} ${estimatedPercent(one)} %: estimated, for want of readings`)
    if (mostlyEstimated(one)) found.push(`${one.point}: most of it is estimated`)
  }
  if (record.activity.some(({ implausible }) => implausible)) {
    found.push("readings outside the metering plan's plausible range are counted")
  }
  if (record.activity.some(({ frozen }) => frozen)) found.push('readings of a meter that repeated itself are counted')
  if (profile.overhead.required && choices.period === null) found.push('energy outside runs is not shared out yet')
  if (parts.some(({ upstream }) => upstream?.status === 'provisional')) found.push("an input lot's footprint is provisional")
  return [...new Set(found)]
}

function ofContracts(parts, profile, wanted) {
  const found = []
  const rest = parts.filter(({ component }) => component.subject === ELECTRICITY)
  if (profile.instruments && rest.some(({ factors }) => factors.every(({ subject }) => subject !== RESIDUAL))) {
    found.push('no residual mix known: grid mix')
  }
  if (surplus(wanted, parts.map(({ component }) => component))) {
    found.push('certificates of more electricity than was used: the surplus is not counted')
  }
  return found
}

// Of one component.
function ofFactors(subject, used, profile, region) {
  if (!used.length) return []
  const found = []
  const base = SOURCES.includes(subject) ? ELECTRICITY : subject
  const own = [subject, ...SUPPLEMENTS.map((part) => `${base}-${part}`)]
  if (profile.instruments && subject === ELECTRICITY) own.push(RESIDUAL)
  for (const one of used) {
    if (!own.includes(one.subject)) found.push(`${one.id}: a factor of ${one.subject}, used for ${subject}`)
    if (one.category === ELECTRICITY && !covers(one.region, region)) found.push(`${one.id}: of another region`)
    if (isLump(one) && one.gwp_set === null) found.push(`${one.id}: CO2e by a set of GWPs that is not stated`)
    else if (isLump(one) && one.gwp_set !== profile.gases.gwp_set) found.push(`${one.id}: CO2e by another set of GWPs`)
  }
  const counted = new Set(used.flatMap(({ boundary }) => boundary))
  if (used[0].category === ELECTRICITY) {
    for (const missing of profile.electricity.required.filter((part) => !counted.has(part))) {
      found.push(`${used[0].id}: ${missing.replaceAll('-', ' ')} not included`)
    }
  }
  // The parts of a grid's electricity have their gases each for itself; a fuel has a factor for each gas.
  const onlyCarbonDioxide = (several) => several.every(({ gases }) => gases.length && gases.every((gas) => gas === 'CO2'))
  if (profile.gases.gases === null) {
    const parts = used[0].category === ELECTRICITY ? used.map((one) => [one]) : [used]
    for (const part of parts) if (onlyCarbonDioxide(part)) found.push(`${part[0].id}: CO2 only`)
  }
  return found
}

