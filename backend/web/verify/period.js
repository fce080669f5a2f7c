// SPDX-License-Identifier: Apache-2.0
// The energy period, as leafproof/period.py reads and checks it: energy outside runs, shared out by tonnes.
import { bodyContent } from './disclosure.js'
import { Malformed } from './encoding.js'
import { apportioned, decimal, Fraction, sum, ZERO } from './rational.js'
import { convert, list, orNull, struct, text } from './shape.js'
import { checkPrintable } from './texts.js'
import { digest, gln, utcSeconds } from './values.js'

const PLACES = 3
const MAX_LOTS = 100_000
const shape = struct(
  {
    facility: text, start: text, end: text,
    balances: list(struct({ carrier: text, unit: text, metered: text, in_lots: text })),
    lots: list(struct({ record: text, tonnes: text, overhead: list(text) })),
  },
  { supersedes: orNull(text) },
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
  for (const { record } of lots) digest(record, 'lots.record')
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

function tonnesOf({ tonnes }) {
  const found = decimal(tonnes, 'lots.tonnes')
  if (found.compare(ZERO) <= 0) throw new Malformed('lots.tonnes: not positive')
  return found
}

// Each lot's overhead by carrier.
function shareOut(balances, tonnes) {
  const whole = sum(tonnes)
  const columns = balances.map(({ unit, metered, in_lots: inLots }) => {
    const outside = decimal(metered, 'metered').minus(decimal(inLots, 'in_lots'))
    if (outside.compare(ZERO) < 0) throw new Malformed(`in_lots: lots count ${inLots} ${unit}, ${metered} came in`)
    if (outside.times(new Fraction(1000n)).denominator !== 1n) throw new Malformed(`metered: ${unit}: more than three places`)
    return apportioned(tonnes.map((one) => outside.times(one).over(whole)), PLACES).parts
  })
  return tonnes.map((_, i) => columns.map((column) => column[i]))
}
