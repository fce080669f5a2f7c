// SPDX-License-Identifier: Apache-2.0
// The batch record, as leafproof/record.py reads and checks it. `outputs`, `inputs` and `activity` are null where
// they are withheld.
import { Malformed } from './encoding.js'
import { decimal, Fraction, rounded, sum, ZERO } from './rational.js'
import { convert, list, oneOf, orElse, orNull, pair, struct, text, whole } from './shape.js'
import { checkPrintable } from './texts.js'
import { quantity } from './units.js'
import { checkZone, digest, gln, lot, pointName, utcSeconds } from './values.js'

export const WITHHELD = ['outputs', 'inputs', 'activity']
export const JWT_TYPE = 'leafproof-batch-record+sd-jwt'
export const SHARES = 10n ** 18n // of every lot, LotRegistry.sol
const MAX_LINES = 512
const MAX_WEIGHINGS = 200
const MAX_SEGMENTS = 200

const weighing = struct({ gateway: text, point: text, time: text }, { tare: orNull(text), frames: list(whole) })
const source = struct(
  { kind: oneOf('weighed', 'document', 'declared') },
  { reference: orNull(text), weighings: list(weighing) },
)
const output = struct({
  role: oneOf('product', 'co-product', 'waste', 'rework'), name: text, quantity: text, unit: text, source,
})
const input = struct(
  { name: text, quantity: text, unit: text, source },
  { gtin: orNull(text), lot: orNull(text), operator: orNull(text), footprint: orNull(text), material: orNull(text) },
)
export const MODES = ['live', 'recorded', 'simulated'] // the strongest first
const mode = oneOf(...MODES)
const estimated = struct({ method: oneOf('neighbours'), intervals: whole, quantity: text, spans: list(pair(text)) })
const activity = struct(
  {
    point: text, carrier: text, quantity: text, unit: text, intervals: whole, split: whole, gaps: list(pair(text)),
    first_index: whole, last_index: whole,
  },
  {
    basis: orNull(oneOf('net', 'gross')), implausible: orElse(whole, 0n), frozen: orElse(whole, 0n),
    estimated: orNull(estimated), mode: orNull(mode),
  },
)
const segment = struct({ line: text, start: text, end: text })
const run = struct({ id: text, line: text, opened: text, closed: text }, { segments: list(segment) })
const shape = struct(
  {
    gtin: text, lot: text, product: text, facility: text, zone: text, run, plan: text, mode,
  },
  {
    supersedes: orNull(text), outputs: orNull(list(output)), inputs: orNull(list(input)),
    activity: orNull(list(activity)),
  },
)


// Of an output or an input.
export const amountOf = (line) => quantity(line.quantity, line.unit)

// The lot that an input is said to be, with evidence or without.
export const namedOf = (line) => (line.gtin && line.lot ? lot(line.gtin, line.lot) : null)

// The input lot with evidence; null for a material.
export const parentOf = (line) => (line.material !== null && line.footprint === null ? null : namedOf(line))

export function readRecord(members) {
  const record = convert(members, shape, 'batch record')
  checkPrintable(record)
  record.of = lot(record.gtin, record.lot)
  record.window = window(record.run)
  gln(record.facility, 'facility')
  checkZone(record.zone)
  digest(record.plan, 'plan')
  const metered = (record.activity ?? []).map(({ point }) => point)
  if (new Set(metered).size !== metered.length) throw new Malformed('activity: one metering point is given twice')
  if ((record.activity ?? []).some(({ implausible, frozen }) => implausible < 0 || frozen < 0)) {
    throw new Malformed('activity.implausible: fewer than none')
  }
  if ((record.activity ?? []).some((one) => MODES.indexOf(one.mode) > MODES.indexOf(record.mode))) {
    throw new Malformed(`mode: ${record.mode}, and a metering point's is weaker`)
  }
  for (const one of record.activity ?? []) if (one.estimated) checkEstimated(one, record.window)
  for (const lines of [record.outputs ?? [], record.inputs ?? []]) checkLines(lines)
  checkWeighings([...(record.outputs ?? []), ...(record.inputs ?? [])])
  if (record.outputs && productMass(record).compare(ZERO) <= 0) throw new Malformed('outputs: no product with a mass')
  for (const line of record.inputs ?? []) {
    if (namedOf(line) === null && line.material === null) {
      throw new Malformed(`inputs: ${line.name}: either a lot (gtin, lot) or a material is needed`)
    }
  }
  return record
}

// Its spans lie in the run's time, each behind the one before; and nothing is taken off what was metered.
function checkEstimated({ quantity: metered, estimated }, [opened, closed]) {
  const more = decimal(estimated.quantity, 'estimated.quantity')
  const windows = estimated.spans.map((span) => span.map((time) => utcSeconds(time, 'estimated.spans')))
  const behind = ([a, b], i) => !i || windows[i - 1][0] < a || (windows[i - 1][0] === a && windows[i - 1][1] < b)
  if (!windows.every(([a, b], i) => opened <= a && a < b && b <= closed && behind([a, b], i))) {
    throw new Malformed('estimated.spans: not in order of time, or not of the run')
  }
  if (!windows.length || windows.length > estimated.intervals) {
    throw new Malformed(`estimated.intervals: ${estimated.intervals} intervals in ${windows.length} spans`)
  }
  if (decimal(metered, 'activity').compare(ZERO) > 0 && more.compare(ZERO) < 0) {
    throw new Malformed(`estimated.quantity: ${estimated.quantity} beside ${metered}, metered`)
  }
  estimated.windows = windows
}

// The carriers whose readings are simulated; none where the record does not tell all of them.
export function simulatedOf(record) {
  const activity = record.activity ?? []
  if (record.mode !== 'simulated' || activity.some((one) => one.mode === null)) return []
  return [...new Set(activity.filter((one) => one.mode === 'simulated').map(({ carrier }) => carrier))]
}

const magnitudes = ({ quantity: metered, estimated: { quantity: more } }) =>
  [metered, more].map((text) => decimal(text, 'activity').magnitude())

// Whether more is estimated than was metered.
export function mostlyEstimated(activity) {
  if (!activity.estimated) return false
  const [metered, part] = magnitudes(activity)
  return part.compare(metered) > 0
}

// How many percent of what is counted is estimated, by their magnitudes.
export function estimatedPercent(activity) {
  const [metered, part] = magnitudes(activity)
  const all = metered.plus(part)
  return rounded(all.compare(ZERO) > 0 ? part.over(all).times(new Fraction(100n)) : ZERO, 2)
}

function window(run) {
  const { opened, closed } = run
  const [start, end] = [utcSeconds(opened, 'opened'), utcSeconds(closed, 'closed')]
  if (end <= start) throw new Malformed(`closed: the run closes at ${closed}, not after it opens at ${opened}`)
  checkSegments(run, start)
  return [start, end]
}

// Several lines of one run are one after the other, from its opening to its close.
function checkSegments({ line, opened, closed, segments }, start) {
  if (!segments?.length) return
  let before = start
  for (const one of segments) {
    const [left, right] = [utcSeconds(one.start, 'segments.start'), utcSeconds(one.end, 'segments.end')]
    if (left < before || right <= left) throw new Malformed(`segments: ${one.line} from ${one.start}: not behind the one before, or empty`)
    before = right
  }
  const [first, last] = [segments[0], segments.at(-1)]
  if (first.line !== line || first.start !== opened || last.end !== closed) {
    throw new Malformed("segments: they do not reach from the run's opening on its line to its close")
  }
  if (segments.length > MAX_SEGMENTS) throw new Malformed(`segments: more than ${MAX_SEGMENTS}`)
}

function checkLines(lines) {
  if (lines.length > MAX_LINES) throw new Malformed(`record: more than ${MAX_LINES} lines of one kind`)
  for (const line of lines) {
    if (amountOf(line).value.compare(ZERO) <= 0) {
      throw new Malformed(`quantity: ${line.name}: ${line.quantity} ${line.unit} is not positive`)
    }
  }
}

// What was weighed names its weighings, each for one line.
function checkWeighings(lines) {
  const known = new Set()
  for (const { source } of lines) {
    source.weighings ??= []
    const count = source.weighings.length
    if ((source.kind === 'weighed') !== count > 0 || count > MAX_WEIGHINGS) {
      throw new Malformed(`weighings: 1 to ${MAX_WEIGHINGS} belong to what was weighed, none to the rest`)
    }
    for (const { gateway, point, time, tare, frames } of source.weighings) {
      digest(gateway, 'weighings.gateway')
      pointName(point)
      const full = utcSeconds(time, 'weighings.time')
      if (tare !== null && utcSeconds(tare, 'weighings.tare') === full) {
        throw new Malformed(`weighings.tare: ${point}: full and empty at one moment`)
      }
      if ((frames ?? []).length > 2 || (frames ?? []).some((index) => index < 0 || index >= 2n ** 63n)) {
        throw new Malformed('weighings.frames: not one or two places in a log')
      }
      known.add(`${gateway} ${point} ${time}`)
    }
  }
  const all = lines.flatMap(({ source }) => source.weighings)
  if (known.size !== all.length) throw new Malformed('weighings: one weighing is given for two lines')
}

// Tonnes of product and co-products: what shares and declared units are counted by.
export const productMass = (record) =>
  sum((record.outputs ?? []).filter(({ role }) => role === 'product' || role === 'co-product').map((line) => amountOf(line).to('t')))

// How many of a lot's shares `part` of its `whole` mass is, rounded down.
export function sharesFor(part, whole) {
  if (part.compare(ZERO) <= 0 || part.compare(whole) > 0) throw new Malformed('quantity: more than the lot holds')
  return (SHARES * part.numerator * whole.denominator) / (part.denominator * whole.numerator)
}
