// SPDX-License-Identifier: Apache-2.0
// The energy period, as leafproof/period.py reads and checks it: energy outside runs, shared out by tonnes.
import { bodyContent } from './disclosure.js'
import { Malformed } from './encoding.js'
import { apportioned, decimal, Fraction, rounded, sum, ZERO } from './rational.js'
import { convert, list, orNull, struct, text } from './shape.js'
import { checkPrintable } from './texts.js'
import { known, quantity } from './units.js'
import { digest, gln, utcSeconds } from './values.js'

const PLACES = 3
const MAX_LOTS = 100_000
const MAX_INVOICES = 200
const HUNDRED = new Fraction(100n)
const ONE = new Fraction(1n)
const shape = struct(
  {
    facility: text, start: text, end: text,
    balances: list(struct({ carrier: text, unit: text, metered: text, in_lots: text }, { estimated: orNull(text) })),
    lots: list(struct({ record: text, tonnes: text, overhead: list(text) })),
  },
  {
    meters: list(struct({ point: text, unit: text, metered: text, sub_meters: text })),
    invoices: list(struct({ carrier: text, quantity: text, unit: text, document: text })),
    supersedes: orNull(text),
  },
)

// A period; `of` gives carrier and overhead of the lot with that record.
export function readPeriod(body) {
  const period = convert(bodyContent(body), shape, 'energy period')
  checkPrintable(period)
  const { start, end, balances, lots } = period
  if (utcSeconds(end, 'end') <= utcSeconds(start, 'start')) {
    throw new Malformed(`end: the period ends at ${end}, not after it starts at ${start}`)
  }
  gln(period.facility, 'facility')
  const named = new Map(lots.map((lot) => [lot.record, lot]))
  if (!lots.length || lots.length > MAX_LOTS || named.size !== lots.length) throw new Malformed(`lots: not 1 to ${MAX_LOTS}, each once`)
  if (new Set(balances.map(({ carrier }) => carrier)).size !== balances.length) throw new Malformed('balances: one carrier is given twice')
  for (const balance of balances) balance.read = readOf(balance)
  for (const { record } of lots) digest(record, 'lots.record')
  checkReconciled(period)
  const expected = shareOut(balances, lots.map(tonnesOf))
  if (lots.some(({ overhead }, i) => JSON.stringify(overhead) !== JSON.stringify(expected[i]))) {
    throw new Malformed("lots.overhead: the shares are not those of the lots' tonnes, or do not add up")
  }
  period.of = (record) => {
    if (!named.has(record)) throw new Malformed("period: the energy period does not have the lot's record")
    return balances.map((balance, i) => ({ ...balance, quantity: named.get(record).overhead[i] }))
  }
  return period
}

function outsideOf({ unit, metered, in_lots: inLots }) {
  const outside = decimal(metered, 'metered').minus(decimal(inLots, 'in_lots'))
  if (outside.compare(ZERO) < 0) throw new Malformed(`in_lots: lots count ${inLots} ${unit}, ${metered} came in`)
  return outside
}

// Which part of what is outside runs was read.
function readOf(balance) {
  const [outside, estimated] = [outsideOf(balance), decimal(balance.estimated ?? '0', 'balances.estimated')]
  if (estimated.compare(ZERO) < 0 || estimated.compare(outside) > 0) {
    throw new Malformed('balances.estimated: more than is outside runs, or less than nothing')
  }
  return outside.compare(ZERO) > 0 ? ONE.minus(estimated.over(outside)) : ONE
}

function checkReconciled(period) {
  period.meters ??= []
  period.invoices ??= []
  const { meters, invoices, balances } = period
  if (new Set(meters.map(({ point }) => point)).size !== meters.length || invoices.length > MAX_INVOICES) {
    throw new Malformed(`meters: one point is given twice, or more than ${MAX_INVOICES} invoices`)
  }
  for (const one of meters) {
    known(one.unit)
    one.difference = decimal(one.metered, 'meters.metered').minus(decimal(one.sub_meters, 'meters.sub_meters'))
  }
  for (const { carrier, quantity: amount, unit, document } of invoices) {
    const balance = balances.find((one) => one.carrier === carrier)
    if (!balance) throw new Malformed(`invoices.carrier: ${carrier.slice(0, 40)} has no balance`)
    if (quantity(amount, unit, 'invoices.quantity').to(balance.unit).compare(ZERO) <= 0) {
      throw new Malformed(`invoices.quantity: ${amount} is not positive`)
    }
    digest(document, 'invoices.document')
  }
}

// Whether a point and its sub-meters agree within so many percent of what it metered.
export const within = ({ metered, difference }, tolerance) =>
  difference.magnitude().times(HUNDRED).compare(decimal(tolerance, 'tolerance').times(decimal(metered, 'metered').magnitude())) <= 0

// Each carrier with invoices: its balance, and their sum in its unit.
export const invoiced = ({ balances, invoices }) =>
  balances.flatMap((balance) => {
    const own = invoices.filter(({ carrier }) => carrier === balance.carrier)
    const sums = own.map(({ quantity: amount, unit }) => quantity(amount, unit).to(balance.unit))
    return own.length ? [[balance, rounded(sum(sums), PLACES)]] : []
  })

// By how much an invoice may differ from what was metered: the largest of the main meters' tolerances.
export function allowed(plan, { carrier, metered }) {
  const stated = plan.points.filter((one) => one.carrier === carrier && one.parent === null && one.kind !== 'value' && one.tolerance !== null)
  const percents = stated.map(({ tolerance }) => decimal(tolerance, 'tolerance'))
  const largest = percents.reduce((a, b) => (a.compare(b) < 0 ? b : a), ZERO)
  return largest.times(decimal(metered, 'metered')).over(HUNDRED)
}

function tonnesOf({ tonnes }) {
  const found = decimal(tonnes, 'lots.tonnes')
  if (found.compare(ZERO) <= 0) throw new Malformed('lots.tonnes: not positive')
  return found
}

// Each lot's overhead by carrier.
function shareOut(balances, tonnes) {
  const whole = sum(tonnes)
  const columns = balances.map((balance) => {
    const outside = outsideOf(balance)
    if (outside.times(new Fraction(1000n)).denominator !== 1n) throw new Malformed(`metered: ${balance.unit}: more than three places`)
    return apportioned(tonnes.map((one) => outside.times(one).over(whole)), PLACES).parts
  })
  return tonnes.map((_, i) => columns.map((column) => column[i]))
}
