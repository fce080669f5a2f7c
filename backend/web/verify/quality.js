// SPDX-License-Identifier: Apache-2.0
// Data quality ratings from 1 (best) to 5, as leafproof/quality.py makes them.
import { decimal, Fraction, rounded, sum, ZERO } from './rational.js'

const PLACES = 1
const NAMES = ['technological', 'geographical', 'temporal']
const whole = (number) => new Fraction(BigInt(number))

// Whether one is the other, or a part of it.
export const covers = (factorRegion, region) =>
  factorRegion === region || factorRegion.startsWith(`${region}-`) || region.startsWith(`${factorRegion}-`)

function geographical(factor, region) {
  if (factor.region === region) return 1
  if (covers(factor.region, region)) return 2
  return factor.region === 'GLO' ? 4 : 5
}

export function ofFactor(factor, subject, region, runEnd, rule) {
  const age = Math.abs(new Date(runEnd * 1000).getUTCFullYear() - Number(factor.year))
  const temporal = 1 + rule.years.filter((bound) => age > bound).length
  return [factor.subject === subject ? 2 : 4, geographical(factor, region), temporal].map(whole)
}

export const ofFootprint = ({ quality }) =>
  quality ? NAMES.map((name) => decimal(quality[name], `quality.${name}`)) : [5, 5, 5].map(whole)

// The mean by emissions; null where nothing was emitted.
export function weighted(parts) {
  const listed = parts.filter(({ amount }) => amount.compare(ZERO) > 0)
  const total = sum(listed.map(({ amount }) => amount))
  if (!total.compare(ZERO)) return null
  const mean = (i) => sum(listed.map(({ ratings, amount }) => ratings[i].times(amount))).over(total)
  return Object.fromEntries(NAMES.map((name, i) => [name, rounded(mean(i), PLACES)]))
}
