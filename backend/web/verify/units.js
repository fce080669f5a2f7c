// SPDX-License-Identifier: Apache-2.0
// Units of quantities and their exact conversions, as leafproof/units.py has them.
import { Malformed } from './encoding.js'
import { decimal, Fraction } from './rational.js'

// unit: [dimension, exact multiple of the dimension's first unit]
const UNITS = new Map([
  ['Wh', ['energy', new Fraction(1n)]],
  ['kWh', ['energy', new Fraction(1000n)]],
  ['MWh', ['energy', new Fraction(10n ** 6n)]],
  ['J', ['energy', new Fraction(1n, 3600n)]],
  ['MJ', ['energy', new Fraction(10n ** 6n, 3600n)]],
  ['GJ', ['energy', new Fraction(10n ** 9n, 3600n)]],
  ['g', ['mass', new Fraction(1n)]],
  ['kg', ['mass', new Fraction(1000n)]],
  ['t', ['mass', new Fraction(10n ** 6n)]],
  ['m3', ['volume', new Fraction(1n)]],
  ['l', ['volume', new Fraction(1n, 1000n)]],
  ['varh', ['reactive energy', new Fraction(1n)]],
  ['kvarh', ['reactive energy', new Fraction(1000n)]],
  ['W', ['power', new Fraction(1n)]],
  ['kW', ['power', new Fraction(1000n)]],
  ['/', ['count', new Fraction(1n)]],
])

function known(unit) {
  const found = UNITS.get(unit)
  if (!found) throw new Malformed(`unit: unknown unit '${unit.slice(0, 20)}'; known: ${[...UNITS.keys()].join(', ')}`)
  return found
}

// How many `target` one `source` is, exactly.
export function scale(source, target) {
  const [from, numerator] = known(source)
  const [to, denominator] = known(target)
  if (from !== to) throw new Malformed(`unit: ${source} (${from}) is no ${target} (${to})`)
  return numerator.over(denominator)
}

// An exact amount with its unit.
export function quantity(text, unit, field = 'quantity') {
  const value = decimal(text, field)
  known(unit)
  return { value, to: (target) => value.times(scale(unit, target)) }
}
