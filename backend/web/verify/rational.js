// SPDX-License-Identifier: Apache-2.0
// Exact arithmetic for accounting, as leafproof/numbers.py and leafproof/units.py have it: sums and shares are
// rationals, and rounding happens once, where a number is published.
import { Malformed } from './encoding.js'

const MAX_DIGITS = 40

function gcd(a, b) {
  while (b) [a, b] = [b, a % b]
  return a < 0n ? -a : a
}

export class Fraction {
  constructor(numerator, denominator = 1n) {
    const common = gcd(numerator, denominator) * (denominator < 0n ? -1n : 1n)
    this.numerator = numerator / common
    this.denominator = denominator / common
  }

  plus(other) {
    return new Fraction(this.numerator * other.denominator + other.numerator * this.denominator, this.denominator * other.denominator)
  }

  minus(other) {
    return this.plus(new Fraction(-other.numerator, other.denominator))
  }

  times(other) {
    return new Fraction(this.numerator * other.numerator, this.denominator * other.denominator)
  }

  over(other) {
    return new Fraction(this.numerator * other.denominator, this.denominator * other.numerator)
  }

  // Below, at or above `other`: -1, 0 or 1.
  compare(other) {
    const difference = this.minus(other).numerator
    return difference < 0n ? -1 : difference > 0n ? 1 : 0
  }

  magnitude() {
    return this.numerator < 0n ? ZERO.minus(this) : this
  }

  floor() {
    const cut = this.numerator / this.denominator
    return cut * this.denominator > this.numerator ? cut - 1n : cut
  }

  // Half to even.
  round() {
    const floor = this.floor()
    const above = this.minus(new Fraction(floor)).compare(HALF)
    return above > 0 || (above === 0 && floor % 2n) ? floor + 1n : floor
  }
}

export const ZERO = new Fraction(0n)
const HALF = new Fraction(1n, 2n)

export const sum = (parts) => parts.reduce((total, part) => total.plus(part), ZERO)

// A plain finite decimal of at most 40 digits.
export function decimal(text, field) {
  const found = /^([+-]?)([0-9]+)(?:\.([0-9]*))?$/.exec(text)
  const [, sign, whole, fraction = ''] = found ?? []
  if (!found || whole.length + fraction.length > MAX_DIGITS) {
    throw new Malformed(`${field}: '${text.slice(0, 50)}' is not a plain decimal number of at most ${MAX_DIGITS} digits`)
  }
  const digits = BigInt(whole + fraction)
  return new Fraction(sign === '-' ? -digits : digits, 10n ** BigInt(fraction.length))
}

// `steps` of 10^-`places`, written with all its places.
function published(steps, places) {
  const digits = String(steps < 0n ? -steps : steps).padStart(places + 1, '0')
  if (digits.length > MAX_DIGITS) throw new Malformed(`a result has more than ${MAX_DIGITS} digits`)
  return `${steps < 0n ? '-' : ''}${digits.slice(0, -places)}.${digits.slice(-places)}`
}

const stepsOf = (value, places) => value.times(new Fraction(10n ** BigInt(places)))

// `value` with `places` behind the point, half to even.
export const rounded = (value, places) => published(stepsOf(value, places).round(), places)

// The terminating decimal that `value` is, with no more places than it needs.
export function exactText(value) {
  for (let places = 0; places < MAX_DIGITS; places += 1) {
    const steps = stepsOf(value, places)
    if (steps.denominator === 1n) return places ? published(steps.numerator, places) : String(steps.numerator)
  }
  throw new Malformed(`no exact decimal of ${MAX_DIGITS} digits`)
}

// One decimal less another, with as many places as the longer one has.
export function plain(larger, smaller) {
  const places = Math.max(...[larger, smaller].map((text) => (text.split('.')[1] ?? '').length))
  const steps = stepsOf(decimal(larger, 'number').minus(decimal(smaller, 'number')), places).round()
  return places ? published(steps, places) : String(steps)
}

// `parts` with `places` behind the point, and their total, to which they add up: floors first, what remains by
// largest remainder, ties to the earlier part.
export function apportioned(parts, places) {
  const steps = parts.map((part) => stepsOf(part, places))
  const floors = steps.map((step) => step.floor())
  const total = sum(steps).round()
  const missing = Number(total - floors.reduce((a, b) => a + b, 0n))
  const remainder = steps.map((step, i) => step.minus(new Fraction(floors[i])))
  const order = parts.map((_, i) => i).sort((a, b) => remainder[b].compare(remainder[a]) || a - b)
  for (const i of order.slice(0, missing)) floors[i] += 1n
  return { parts: floors.map((steps) => published(steps, places)), total: parts.length ? published(total, places) : '0' }
}
