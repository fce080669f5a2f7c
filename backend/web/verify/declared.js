// SPDX-License-Identifier: Apache-2.0
// Declared footprints: read, and checked, as leafproof/declared.py and leafproof/verification/declared.py do it.
import { Malformed } from './encoding.js'
import { lotOf, PLACES, SHARE_PLACES } from './footprint.js'
import { standingDeclared, standingFootprints } from './heads.js'
import { decimal, exactText, Fraction, rounded, sum, ZERO } from './rational.js'
import { productMass } from './record.js'
import { FAIL, NOT_CHECKED, PASS, WARNING } from './report.js'
import { convert, differences, list, oneOf, orNull, struct, text, whole } from './shape.js'
import { checkPrintable } from './texts.js'
import { digest, gln, lot, lotCode, utcSeconds } from './values.js'

export const WITHHELD = ['lots']
export const JWT_TYPE = 'leafproof-declared-footprint+sd-jwt'
const PERCENT_PLACES = 2
const DAY = 86400
const YEAR = 365 // days
const MAX_PERIOD = 366 // days
const MAX_LOTS = 4000

const status = oneOf('provisional', 'final')
const line = struct({ lot: text, footprint: text, mass: text, per_tonne: text, primary_data_share: text, status })
const shape = struct(
  {
    gtin: text, facility: text, start: text, end: text, method: text, size: whole, per_tonne: text, count: whole, mass: text,
    least: text, greatest: text, primary_data_share: text, status,
  },
  { supersedes: orNull(text), lots: orNull(list(line)) },
)
const COMPUTED = ['per_tonne', 'count', 'mass', 'least', 'greatest', 'primary_data_share', 'status']

export function readDeclared(members) {
  const found = convert(members, shape, 'declared footprint')
  checkPrintable(found)
  if (lot(found.gtin, '-') !== `${found.gtin}/-`) throw new Malformed('gtin: not in its form of 14 digits')
  gln(found.facility, 'facility')
  found.window = window(found)
  for (const name of ['per_tonne', 'mass', 'least', 'greatest', 'primary_data_share']) decimal(found[name], name)
  if (found.supersedes !== null) digest(found.supersedes, 'supersedes')
  for (const one of found.lots ?? []) checkLine(one)
  if (found.lots) checkCodes(found.lots)
  return found
}

function window({ start, end }) {
  const [first, last] = [utcSeconds(start, 'start'), utcSeconds(end, 'end')]
  if (last <= first || last - first > MAX_PERIOD * DAY) {
    throw new Malformed(`end: a reference period has up to ${MAX_PERIOD} days, and ends after it starts`)
  }
  return [first, last]
}

function checkLine(one) {
  lotCode(one.lot)
  digest(one.footprint, 'lots.footprint')
  if (decimal(one.mass, 'lots.mass').compare(ZERO) <= 0) throw new Malformed(`lots.mass: ${one.lot}: ${one.mass} t is not positive`)
  decimal(one.per_tonne, 'lots.per_tonne')
  decimal(one.primary_data_share, 'lots.primary_data_share')
}

function checkCodes(lots) {
  if (!lots.length || lots.length > MAX_LOTS) throw new Malformed(`lots: 1 to ${MAX_LOTS} are allowed; declare shorter periods`)
  if (lots.some((one, i) => i && lots[i - 1].lot >= one.lot)) throw new Malformed('lots: not each once, sorted by lot code')
}

const covers = ({ gtin, facility, window: [start, end] }, record) =>
  record.of.startsWith(`${gtin}/`) && record.facility === facility && start <= record.window[1] && record.window[1] < end

// The members that follow from the lots; `over`: the period was over when the statement was signed.
function calculate({ lots }, over) {
  const masses = lots.map(({ mass }) => decimal(mass, 'mass'))
  const emissions = lots.map(({ per_tonne }, i) => masses[i].times(decimal(per_tonne, 'per_tonne')))
  const [mass, total] = [sum(masses), sum(emissions)]
  const primary = sum(lots.map(({ primary_data_share }, i) => emissions[i].times(decimal(primary_data_share, 'share'))))
  const byValue = lots.map(({ per_tonne }) => per_tonne).sort(ascending)
  return {
    per_tonne: rounded(total.over(mass), PLACES),
    count: lots.length,
    mass: exactText(mass),
    least: byValue[0],
    greatest: byValue.at(-1),
    primary_data_share: rounded(total.compare(ZERO) > 0 ? primary.over(total) : ZERO, SHARE_PLACES),
    status: over && lots.every((one) => one.status === 'final') ? 'final' : 'provisional',
  }
}

const ascending = (a, b) => decimal(a, 'per_tonne').compare(decimal(b, 'per_tonne')) || (a < b ? -1 : a > b ? 1 : 0)

// By which method a lot's footprint was made.
export const methodOf = ({ profile }) => `${profile.id} ${profile.version}`

// By how many percent a lot's footprint differs from the declared one, with its sign; null of zero.
function deviation(perTonne, declared) {
  const base = decimal(declared, 'per_tonne')
  if (!base.compare(ZERO)) return null
  const ratio = decimal(perTonne, 'per_tonne').over(base).minus(new Fraction(1n))
  const percent = rounded(ratio.times(new Fraction(100n)), PERCENT_PLACES)
  return percent.startsWith('-') ? percent : `+${percent}`
}

// 6: each is by the lot's maker, of its product, plant and time, and the one answer for that time.
export function checkDeclaredCurrent(reading) {
  const [check, record] = [reading.report[6], reading.record(reading.bundle.lot)]
  for (const statement of reading.declared.values()) {
    const speaks = record && statement.log.name === record.log.name && covers(statement.content, record.content)
    if (!speaks) check.add(FAIL, 'declared-elsewhere', statement.label)
    else if (reading.maker(statement) !== reading.maker(record)) check.add(FAIL, 'declared-foreign', statement.label)
  }
  for (const several of standingDeclared(reading).values()) {
    several.sort((a, b) => a.content.window[0] - b.content.window[0] || a.content.window[1] - b.content.window[1] || Number(a.index - b.index))
    for (const [i, statement] of several.slice(1).entries()) {
      const { label, content } = several[i]
      if (statement.content.window[0] < content.window[1]) check.add(FAIL, 'declared-fork', statement.label, { other: label })
    }
  }
}

// 8: the mean from the lots that are named, to the same digits; and this lot beside it.
export function checkDeclaredRecomputed(reading) {
  const check = reading.report[8]
  for (const { label, index, content, issuedAt } of reading.declared.values()) {
    if (BigInt(content.size) !== BigInt(index)) check.add(FAIL, 'declared-size', label, { size: content.size, index })
    if (content.lots === null) check.add(NOT_CHECKED, 'withheld', label)
    else check.attempt('not-computable', label, () => recompute(check, label, content, issuedAt >= content.window[1]))
  }
  for (const statement of [...standingDeclared(reading).values()].flat()) {
    const { label, content } = statement
    const days = Math.floor((content.window[1] - content.window[0]) / DAY)
    if (days < YEAR) check.add(WARNING, 'declared-short', label, { days })
    for (const printed of printedOf(reading)) {
      if (methodOf(printed.content) === content.method) compare(reading, statement, printed)
    }
  }
}

function recompute(check, label, stated, over) {
  const computed = calculate(stated, over)
  const differing = differences(COMPUTED, stated, computed)
  for (const params of differing) check.add(FAIL, 'declared-differs', label, params)
  if (!differing.length) check.add(PASS, 'declared-recomputed', label, { value: stated.per_tonne, count: stated.count })
}

// The lot's footprints that stand, of its current record.
function printedOf(reading) {
  const record = reading.record(reading.bundle.lot)
  return [...standingFootprints(reading).values()].flat().filter(({ content }) => record && content.record === record.id)
}

function compare(reading, statement, printed) {
  const [check, { content: stated }, { content: footprint }] = [reading.report[8], statement, printed]
  const lotName = lotOf(footprint)
  const percent = deviation(footprint.per_tonne, stated.per_tonne)
  if (percent !== null) {
    const [start, end] = [stated.start.slice(0, 10), stated.end.slice(0, 10)]
    check.add(PASS, 'lot-deviation', lotName, { percent, value: stated.per_tonne, count: stated.count, start, end })
  }
  if (stated.lots === null) return
  const entry = statement.index
  const found = stated.lots.find((one) => one.lot === footprint.lot)
  if (found?.footprint !== printed.id) {
    if (BigInt(printed.index) < BigInt(stated.size)) check.add(FAIL, 'declared-left-out', lotName, { entry })
    else check.add(WARNING, 'declared-outdated', lotName, { entry })
    return
  }
  const record = reading.recordOf(printed)
  if (!record?.content.outputs) return
  const same = ['per_tonne', 'primary_data_share', 'status'].every((name) => found[name] === footprint[name])
  if (!same || found.mass !== exactText(productMass(record.content))) check.add(FAIL, 'declared-line', lotName, { entry })
}
