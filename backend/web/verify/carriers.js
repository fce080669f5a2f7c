// SPDX-License-Identifier: Apache-2.0
// What a metering point may meter, as leafproof/carriers.py has it: of each carrier its factors' category, and the
// dimensions in which it may be counted.
import { Malformed } from './encoding.js'

export const ELECTRICITY = 'electricity'
export const GOODS = 'goods'
const PUBLISHED = { energy: 'GJ', mass: 'kg', 'gas volume': 'Nm3' }
const FUELS = [
  'anthracite', 'biogas', 'blast-furnace-gas', 'coke-oven-coke', 'coke-oven-gas', 'coking-coal', 'converter-gas', 'diesel',
  'hydrogen', 'lignite', 'lpg', 'motor-gasoline', 'natural-gas', 'other-bituminous-coal', 'residual-fuel-oil',
  'sub-bituminous-coal', 'wood-pellets',
]
const GASES = [
  'co2', 'ch4', 'n2o', 'sf6', 'nf3', 'cf4', 'c2f6', 'hfc23', 'hfc32', 'hfc125', 'hfc134a', 'hfc143a', 'r404a', 'r407c', 'r410a',
]
const carrier = (category, ...dimensions) => ({ category, dimensions })
const CARRIERS = new Map([
  [ELECTRICITY, carrier('electricity', 'energy')],
  ...FUELS.map((name) => [name, carrier('fuel', 'energy', 'mass')]),
  ['heat', carrier('heat', 'energy')],
  ['steam', carrier('heat', 'energy')],
  ['cold', carrier('heat', 'energy')],
  ['compressed-air', carrier('heat', 'gas volume', 'energy')],
  ...GASES.map((name) => [`emitted-${name}`, carrier('gas', 'mass')]),
])

export function carrierOf(name) {
  const found = CARRIERS.get(name)
  if (!found) throw new Malformed(`carrier: unknown carrier '${name.slice(0, 40)}'; known: ${[...CARRIERS.keys()].join(', ')}`)
  return found
}

// In which unit a carrier is published where it is counted in `dimension`.
export function publishedUnit(name, dimension) {
  const { dimensions } = carrierOf(name)
  if (!dimensions.includes(dimension)) throw new Malformed(`carrier: ${name} is counted as ${dimensions.join(' or ')}, not as ${dimension}`)
  return name === ELECTRICITY ? 'kWh' : PUBLISHED[dimension]
}
