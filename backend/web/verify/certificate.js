// SPDX-License-Identifier: Apache-2.0
// Cancelled certificates of energy, and where and until when they count, as leafproof/certificate.py has it.
import { keccak_256 } from '@noble/hashes/sha3.js'
import { bodyContent } from './disclosure.js'
import { hex, Malformed, utf8 } from './encoding.js'
import { convert, oneOf, orNull, struct, text, whole } from './shape.js'
import { checkPrintable } from './texts.js'
import { digest, gln, party } from './values.js'

const MAX_SERIAL = 2n ** 128n - 1n
const MAX_WH = 10 ** 6 // a megawatt-hour, for each kind
const MAX_NAME = 128
const EU = 'AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK'.split(' ')

// By kind: countries that are one market (null: each its own), and the months after generation in which a certificate
// is cancelled and its period of consumption, a year at most, begins: to the day or to the month's end (null: all in
// the calendar year of the consumption).
const PROFILES = {
  GO: { market: EU, months: 18, wholeMonths: false },
  GEC: { market: ['CN'], months: 23, wholeMonths: true },
  'I-REC': { market: null, months: null, wholeMonths: false },
}

export const SOURCES = ['solar', 'wind', 'hydro', 'biomass', 'geothermal', 'marine', 'nuclear', 'other']
const days = struct({ first: text, last: text })
const shape = struct(
  {
    kind: oneOf('GEC', 'GO', 'I-REC'), registry: text, first: text, last: text, wh_per_serial: whole, beneficiary: text,
    facility: text, period: days, plant: text,
    source: oneOf(...SOURCES),
    country: text, generated: days, cancelled: text,
  },
  { document: orNull(text) },
)

// A cancellation; `serials` are its first and last, `registryId` as CertificateClaims counts it.
export function readCancellation(body) {
  const found = convert(bodyContent(body), shape, 'cancellation')
  checkPrintable(found)
  const { length } = utf8(found.registry)
  if (length < 1 || length > MAX_NAME) throw new Malformed(`registry: not 1 to ${MAX_NAME} bytes`)
  const serials = [serial(found.first, 'first'), serial(found.last, 'last')]
  if (serials[0] > serials[1]) throw new Malformed('last: below the first serial')
  if (found.wh_per_serial < 1 || found.wh_per_serial > MAX_WH) throw new Malformed(`wh_per_serial: not 1 to ${MAX_WH}`)
  party(found.beneficiary, 'beneficiary')
  gln(found.facility, 'facility')
  if (!/^[A-Z]{2}$/.test(found.country)) throw new Malformed('country: not a code of two capital letters (ISO 3166-1)')
  checkDays(found.period, 'period')
  checkDays(found.generated, 'generated')
  if (day(found.cancelled, 'cancelled') < day(found.generated.last, 'generated')) {
    throw new Malformed('cancelled: before the energy was generated')
  }
  if (found.document !== null) digest(found.document, 'document')
  return { ...found, serials, registryId: hex(keccak_256(utf8(found.registry))) }
}

// Why it does not count for what was made at a facility between two local days, with the electricity of countries (as far
// as known): codes of check 10, and what fills their sentences.
export function unfit(stated, { facility, opened, closed, used }) {
  const found = []
  if (stated.facility !== facility) found.push(['claim-facility', { stated: stated.facility, facility }])
  const { kind, country, cancelled, generated, period: { first: start, last: end } } = stated
  if (!(start <= opened && opened <= closed && closed <= end)) found.push(['claim-period', { opened, closed, start, end }])
  if (!inTime(stated)) found.push(['claim-vintage', { kind, generated: generated.first, cancelled }])
  for (const one of [...used].sort()) if (!sameMarket(stated, one)) found.push(['claim-market', { kind, country, used: one }])
  return found
}

function sameMarket({ kind, country }, used) {
  const { market } = PROFILES[kind]
  return market ? market.includes(country) && market.includes(used) : country === used
}

// Does the vintage count for the period of consumption?
function inTime({ kind, generated, period, cancelled }) {
  const { months, wholeMonths } = PROFILES[kind]
  if (months === null) {
    return new Set([generated.first, generated.last, period.first, period.last].map((one) => one.slice(0, 4))).size === 1
  }
  const nextYear = String(Number(period.first.slice(0, 4)) + 1).padStart(4, '0') + period.first.slice(4)
  if (generated.first > period.last || period.last >= nextYear) return false
  const made = generated.first.split('-').map(Number)
  return [period.first, cancelled].every((one) => {
    const end = one.split('-').map(Number)
    const passed = 12 * (end[0] - made[0]) + end[1] - made[1]
    return passed < months || (passed === months && (wholeMonths || end[2] <= made[2]))
  })
}

function checkDays({ first, last }, field) {
  if (day(first, field) > day(last, field)) throw new Malformed(`${field}: ends before it begins`)
}

// A calendar day as it is written, which sorts as the calendar does.
function day(value, field) {
  if (/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(value) && value >= '0001') {
    const date = new Date(`${value}T00:00:00Z`)
    // A day that does not exist comes back as another one.
    if (!Number.isNaN(date.getTime()) && date.toISOString().slice(0, 10) === value) return value
  }
  throw new Malformed(`${field}: '${value.slice(0, 40)}' is not a day such as 2026-11-23`)
}

export function serial(value, field) {
  const found = /^[1-9][0-9]{0,38}$/.test(value) ? BigInt(value) : 0n
  if (found >= 1n && found <= MAX_SERIAL) return found
  throw new Malformed(`${field}: '${value.slice(0, 40)}' is not a whole number from 1 to 2^128 - 1 without leading zeros`)
}
