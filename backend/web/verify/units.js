// SPDX-License-Identifier: Apache-2.0
// Units of quantities and their exact conversions, as leafproof/units.py has them.
import { Malformed } from './encoding.js'
import { decimal, Fraction } from './rational.js'

// unit: [dimension, exact multiple of the dimension's first unit]
const UNITS = new Map([
  ['Wh', ['energy', new Fraction(1n)]],
  ['kWh', ['energy', new Fraction(1000n)]],
  ['MWh', ['energy', new Fraction(10n ** 6n)]],
  ['GWh', ['energy', new Fraction(10n ** 9n)]],
  ['J', ['energy', new Fraction(1n, 3600n)]],
  ['kJ', ['energy', new Fraction(1000n, 3600n)]],
  ['MJ', ['energy', new Fraction(10n ** 6n, 3600n)]],
  ['GJ', ['energy', new Fraction(10n ** 9n, 3600n)]],
  ['TJ', ['energy', new Fraction(10n ** 12n, 3600n)]],
  ['mg', ['mass', new Fraction(1n, 1000n)]],
  ['g', ['mass', new Fraction(1n)]],
  ['kg', ['mass', new Fraction(1000n)]],
  ['t', ['mass', new Fraction(10n ** 6n)]],
  ['m3', ['volume', new Fraction(1n)]],
  ['l', ['volume', new Fraction(1n, 1000n)]],
  ['Nm3', ['gas volume', new Fraction(1n)]],
  ['Sm3', ['gas volume', new Fraction(27315n, 28815n)]],
  ['m3@20C', ['gas volume', new Fraction(27315n, 29315n)]],
  ['varh', ['reactive energy', new Fraction(1n)]],
  ['kvarh', ['reactive energy', new Fraction(1000n)]],
  ['W', ['power', new Fraction(1n)]],
  ['kW', ['power', new Fraction(1000n)]],
  ['/', ['count', new Fraction(1n)]],
  ['/100', ['count', new Fraction(1n, 100n)]],
  ['ppm', ['count', new Fraction(1n, 10n ** 6n)]],
])

// Dimension and scale of a unit; two with a slash between them are a ratio.
export function known(unit) {
  const found = UNITS.get(unit)
  if (found) return found
  const [above, below] = ratio(unit).map((part) => UNITS.get(part))
  if (!above || !below) {
    throw new Malformed(`unit: unknown unit '${unit.slice(0, 20)}'; known: ${[...UNITS.keys()].join(', ')}, and two with / between`)
  }
  return [above[0] === below[0] ? 'count' : `${above[0]}/${below[0]}`, above[1].over(below[1])]
}

// Above and below the slash of a ratio such as MJ/Nm3; neither of another unit.
export function ratio(unit) {
  const slash = unit.indexOf('/')
  if (UNITS.has(unit) || slash < 1 || slash === unit.length - 1) return ['', '']
  return [unit.slice(0, slash), unit.slice(slash + 1)]
}

export const dimension = (unit) => known(unit)[0]

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
