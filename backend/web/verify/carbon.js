// SPDX-License-Identifier: Apache-2.0
// What an amount emits by its factors, as leafproof/carbon.py has it: gases as masses, and what they weigh.
import { Malformed } from './encoding.js'
import { CATEGORIES, refuse, weight } from './profile.js'
import { decimal, sum, ZERO } from './rational.js'
import { byCodePoint } from './texts.js'

const LUMP = 'CO2e'

// Which gas a factor's value is kilograms of.
export function gasOf({ id, unit }) {
  if (!unit.startsWith('kg ') || unit.length < 4) throw new Malformed(`factor: ${id} is in ${unit}, not in kg of a gas`)
  return unit.slice(3)
}

export const isLump = (factor) => gasOf(factor) === LUMP

// Exact kg CO2e by category, and exact kg of each gas.
export class Carbon {
  weighed = new Map()
  masses = new Map()

  #put(map, name, amount) {
    map.set(name, (map.get(name) ?? ZERO).plus(amount))
  }

  emit(category, gas, mass, weighed) {
    this.#put(this.weighed, category, weighed)
    this.#put(this.masses, `${category}|${gas}`, mass)
    return this
  }

  add(other, times) {
    for (const [name, amount] of other.weighed) this.#put(this.weighed, name, amount.times(times))
    for (const [name, mass] of other.masses) this.#put(this.masses, name, mass.times(times))
    return this
  }

  // kg CO2e of these categories together.
  of(categories) {
    return sum(categories.map((category) => this.weighed.get(category) ?? ZERO))
  }

  bring(upstream, tonnes) {
    for (const { category, emissions } of upstream.categories) {
      this.#put(this.weighed, category, decimal(emissions, 'categories').times(tonnes))
    }
    for (const { category, gas, kg } of upstream.masses) this.#put(this.masses, `${category}|${gas}`, decimal(kg, 'masses').times(tonnes))
    return this
  }

  // [category, gas, kg] in their order.
  inOrder() {
    const found = [...this.masses].map(([name, mass]) => [...name.split(/\|(.*)/s).slice(0, 2), mass])
    return found.sort((a, b) => CATEGORIES.indexOf(a[0]) - CATEGORIES.indexOf(b[0]) || byCodePoint(a[1], b[1]))
  }
}

// What `amount` emits by one factor.
export function emitted(factor, amount, profile) {
  const mass = amount.to(factor.per).times(factor.amount)
  const [gas, found] = [gasOf(factor), new Carbon()]
  if (gas === LUMP) {
    if (profile.gases.lumps === 'refuse') refuse(profile.gases, `${factor.id} is in kg CO2e and does not say of which gases`)
    return found.emit(factor.flow, `${LUMP} (${factor.gwp_set ?? 'set not stated'})`, mass, mass)
  }
  if (profile.gases.gases && !profile.gases.gases.includes(gas)) return found
  return found.emit(factor.flow, gas, mass, mass.times(weight(gas, factor.flow, profile.gases)))
}
