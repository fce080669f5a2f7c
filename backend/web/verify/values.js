// SPDX-License-Identifier: Apache-2.0
// Names and times in their one form, as leafproof/values.py and leafproof/clock.py have them.
import { Malformed } from './encoding.js'

const LOT = /^[!"%&'()*+,\-./0-9:;<=>?A-Z_a-z]{1,20}$/
const POINT = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/
const LEI = /^[0-9A-Z]{18}[0-9]{2}$/
const PARTY = 'https://id.gs1.org/417/'
const GATEWAY = 'urn:leafproof:gateway:'
export const LATEST = 253402214400 // 9999-12-31T00:00:00Z

// GS1 General Specifications 7.9.1
function gs1Key(field, text, lengths) {
  if (!/^[0-9]*$/.test(text) || !lengths.includes(text.length)) {
    throw new Malformed(`${field}: '${text.slice(0, 40)}' is not ${lengths.join(' or ')} digits`)
  }
  const digits = [...text].map(Number)
  const last = digits.pop()
  const sum = digits.reverse().reduce((weighted, digit, i) => weighted + digit * (i % 2 ? 1 : 3), 0)
  const expected = (10 - (sum % 10)) % 10
  if (last !== expected) throw new Malformed(`${field}: ${text} has check digit ${last}, its digits give ${expected}`)
  return text
}

export const gln = (text, field) => gs1Key(field, text, [13])

// ISO 17442, with the check digits of ISO/IEC 7064 MOD 97-10.
function lei(text, field) {
  if (!LEI.test(text)) throw new Malformed(`${field}: '${text.slice(0, 40)}' is not 18 digits or capital letters and 2 digits`)
  const digits = [...text].map((character) => parseInt(character, 36)).join('')
  if (BigInt(digits) % 97n !== 1n) throw new Malformed(`${field}: ${text} has wrong check digits`)
  return text
}

// A legal entity, by GLN or LEI, and its name on the chain.
export const party = (text, field) => ([...text].length === 20 ? lei : gln)(text, field)
export const partyUri = (named) => (named.length === 20 ? 'urn:lei:' : PARTY) + named

// A lot is written `<14 digits>/<lot code>`.
export function lot(gtin, code) {
  const digits = gs1Key('gtin', gtin, [8, 12, 13, 14]).padStart(14, '0')
  return `${digits}/${lotCode(code)}`
}

export function lotCode(code) {
  if (!LOT.test(code)) throw new Malformed(`lot: '${code.slice(0, 40)}' is not 1 to 20 characters of GS1 character set 82`)
  return code
}

export function pointName(text) {
  if (!POINT.test(text)) throw new Malformed(`point: '${text.slice(0, 70)}' is not 1 to 63 letters, digits, dots, dashes or underscores`)
  return text
}

export function digest(text, field) {
  if (!/^[0-9a-f]{64}$/.test(text)) throw new Malformed(`${field}: not 64 lower-case hexadecimal digits`)
  return text
}

// Does `issuer` name the legal entity `identifier` itself, or a gateway of it?
export function speaksFor(identifier, issuer) {
  if (issuer === identifier) return true
  return identifier.startsWith(PARTY) && issuer.startsWith(`${GATEWAY}${identifier.slice(PARTY.length)}:`)
}

export const utcText = (seconds) => new Date(seconds * 1000).toISOString().replace('.000', '')

export function utcSeconds(text, field) {
  if (/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/.test(text)) {
    const seconds = Date.parse(text) / 1000
    // A day or an hour that does not exist comes back as another one.
    if (seconds >= 0 && seconds < LATEST && utcText(seconds) === text) return seconds
  }
  throw new Malformed(`${field}: '${text.slice(0, 40)}' is not a UTC time such as 2026-11-23T08:00:00Z`)
}

function calendar(zone) {
  try {
    if (!/^[A-Za-z]/.test(zone)) throw new RangeError() // an offset is no zone
    return new Intl.DateTimeFormat('en-US', { timeZone: zone, calendar: 'gregory', year: 'numeric' })
  } catch {
    throw new Malformed(`zone: unknown time zone '${zone.slice(0, 40)}'`)
  }
}

export const checkZone = (zone) => void calendar(zone)

// The local calendar date, such as 2018-01-01, of a moment.
export function localDate(seconds, zone) {
  checkZone(zone)
  const form = { timeZone: zone, calendar: 'gregory', year: 'numeric', month: '2-digit', day: '2-digit' }
  const parts = new Intl.DateTimeFormat('en-US', form).formatToParts(seconds * 1000)
  const [year, month, day] = ['year', 'month', 'day'].map((name) => parts.find(({ type }) => type === name).value)
  return `${year.padStart(4, '0')}-${month}-${day}`
}

export const localYear = (seconds, zone) => calendar(zone).format(seconds * 1000).padStart(4, '0')
