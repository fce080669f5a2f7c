// SPDX-License-Identifier: Apache-2.0
// Market-based electricity: which watt-hours certificates cover, and by which source, as leafproof/market.py has it.
import { ELECTRICITY } from './carriers.js'
import { serial, SOURCES as KINDS, unfit } from './certificate.js'
import { Malformed } from './encoding.js'
import { refuse } from './profile.js'
import { apportioned, decimal, Fraction, rounded, sum, ZERO } from './rational.js'
import { quantity } from './units.js'
import { localDate } from './values.js'

const PLACES = 3 // kWh in whole watt-hours
export const RESIDUAL = 'electricity-residual'
export const SOURCES = KINDS.map((source) => `${ELECTRICITY}-${source}`) // subjects of factors

// kWh that the certificates chosen certify, by subject, in the order in which sources are named first.
export function certified(record, { certificates, region }, profile, sources) {
  const rule = profile.instruments
  if (certificates.length && !rule) refuse(profile.electricity, 'certificates do not count, electricity is counted by location')
  const [found, taken] = [new Map(), []]
  for (const { cancellation, first: from, last: to } of certificates) {
    const stated = sources.certificate(cancellation)
    const one = { registry: stated.registryId, first: serial(from, 'certificates.first'), last: serial(to, 'certificates.last') }
    const fault = faultOf(record, region, one, stated, taken)
    if (fault) refuse(rule, `serials ${from} to ${to} of ${stated.registry}: ${fault}`)
    taken.push(one)
    const subject = `${ELECTRICITY}-${stated.source}`
    const more = new Fraction((one.last - one.first + 1n) * BigInt(stated.wh_per_serial), 1000n)
    found.set(subject, (found.get(subject) ?? ZERO).plus(more))
  }
  return found
}

function faultOf({ facility, zone, window }, region, { registry, first, last }, stated, taken) {
  const [start, end] = stated.serials
  if (first < start || last < first || end < last) return 'not within the cancellation'
  if (taken.some((one) => one.registry === registry && first <= one.last && one.first <= last)) return 'counted twice'
  const [opened, closed] = window.map((moment) => localDate(moment, zone))
  const [outside] = unfit(stated, { facility, opened, closed, used: [region.split('-')[0]] })
  return outside ? `outside their ${outside[0].replace('claim-', '')}` : null
}

// Each line, electricity cut into what is certified, by source, and the rest.
export function cover(lines, wanted) {
  const cut = lines.map(() => [])
  const left = lines.map((line) => (wanted.size && line.subject === ELECTRICITY ? kWh(line) : ZERO))
  for (const [subject, amount] of within(wanted, sum(left))) {
    const whole = sum(left)
    const exact = left.map((one) => (whole.numerator ? amount.times(one).over(whole) : ZERO))
    apportioned(exact, PLACES).parts.forEach((part, place) => {
      const covered = decimal(part, 'quantity')
      if (!covered.numerator) return
      cut[place].push(of(lines[place], subject, part))
      left[place] = left[place].minus(covered)
    })
  }
  lines.forEach((line, place) => {
    if (!cut[place].length) cut[place].push(line)
    else if (left[place].numerator) cut[place].push(of(line, ELECTRICITY, rounded(left[place], PLACES)))
  })
  return cut
}

// Is more certified than was used?
export function surplus(wanted, components) {
  const covered = components.filter(({ kind, estimated, subject }) => (kind === 'primary' || estimated) && wanted.has(subject))
  const counted = sum(covered.map((one) => decimal(one.quantity, 'quantity')))
  return counted.compare(sum([...wanted.values()])) < 0
}

// A source's electricity counts by its own factor, and no other electricity does.
export function checkSources(profile, subject, used) {
  for (const one of used) {
    const ofSource = SOURCES.includes(one.subject) || (SOURCES.includes(subject) && one.boundary.includes('generation'))
    if (ofSource && one.subject !== subject) {
      refuse(profile.instruments ?? profile.electricity, `${one.id} is a factor of ${one.subject}, not of ${subject}`)
    }
  }
}

// What is wanted; if that is more than was used, of each source the same part, cut at watt-hours.
function within(wanted, used) {
  const whole = sum([...wanted.values()])
  if (whole.compare(used) <= 0) return wanted
  const { parts } = apportioned([...wanted.values()].map((one) => one.times(used).over(whole)), PLACES)
  return new Map([...wanted.keys()].map((subject, i) => [subject, decimal(parts[i], 'quantity')]))
}

function kWh({ name, quantity: amount, unit }) {
  const found = quantity(amount, unit, 'quantity').to('kWh')
  if (found.compare(ZERO) < 0 || found.times(new Fraction(1000n)).denominator !== 1n) {
    throw new Malformed(`quantity: ${name}: ${amount} ${unit} is no whole number of watt-hours`)
  }
  return found
}

const of = (line, subject, amount) => ({ ...line, subject, quantity: amount, unit: 'kWh' })
