// SPDX-License-Identifier: Apache-2.0
// Check 7, for each lot of a bundle, by the rules of leafproof/verification/lots.py and evidence.py, as far as they
// need no metering: `leafproof verify` does that.
import { FAIL, NOT_CHECKED, WARNING } from './report.js'
import { estimatesOf } from './plan.js'
import { reconciled } from './reconciled.js'
import { estimatedPercent, simulatedOf } from './record.js'
import { localYear, utcText } from './values.js'

// 7: what is recorded or simulated, what rests on a declaration, and whether the metering plan may be named.
export async function checkEvidence(reading, pause) {
  const check = reading.report[7]
  for (const record of reading.used()) {
    const lot = record.content.of
    provenance(check, record)
    const named = reading.plan(record)
    const plan = ownPlan(reading, record, named)
    if (named && !plan) check.add(FAIL, 'plan-foreign', lot)
    if (plan && plan.validFrom > record.content.window[0]) {
      check.add(FAIL, 'plan-later', lot, { start: plan.valid_from, opened: record.content.run.opened })
    }
    if (plan) {
      estimates(check, record.content, plan)
      knownPlan(check, record.content, reading.chain?.covered.get(named.id))
    }
    for (const period of plan ? reading.periodsOf(record) : []) {
      for (const [status, code, params] of reconciled(period, plan)) check.add(status, code, lot, params)
    }
    const foreign = plan && foreignGateway(reading, record, plan)
    if (foreign) check.add(FAIL, 'gateway-foreign', lot, { key: foreign })
    check.add(NOT_CHECKED, unmetered(reading, record, plan), lot)
    await pause()
  }
}

function provenance(check, { content, issuedAt }) {
  for (const one of (content.activity ?? []).filter(({ estimated }) => estimated)) {
    const { intervals, quantity } = one.estimated
    const params = { point: one.point, count: String(intervals), quantity, unit: one.unit, percent: estimatedPercent(one) }
    check.add(WARNING, 'estimated', content.of, params)
  }
  if (content.mode === 'recorded') {
    const measured = localYear(content.window[0], content.zone)
    check.add(WARNING, 'recorded', content.of, { measured, entered: localYear(Number(issuedAt), content.zone) })
  }
  const simulated = simulatedOf(content)
  for (const carrier of simulated) check.add(WARNING, 'simulated-carrier', content.of, { carrier })
  if (content.mode === 'simulated' && !simulated.length) check.add(WARNING, 'simulated', content.of)
  for (const { name, quantity, unit, source } of [...(content.outputs ?? []), ...(content.inputs ?? [])]) {
    const params = { name, quantity, unit }
    if (source.kind === 'weighed') params.points = [...new Set(source.weighings.map(({ point }) => point))].join(', ')
    check.add(WARNING, source.kind === 'weighed' ? 'quantity-unseen' : `quantity-${source.kind}`, content.of, params)
  }
}

// Whether the metering plan lets be estimated what the record estimates.
function estimates(check, { of, activity }, plan) {
  for (const { point, estimated } of (activity ?? []).filter((one) => one.estimated)) {
    const rules = estimatesOf(plan, point).filter(({ method }) => method === estimated.method)
    const longest = rules.reduce((most, one) => (one.up_to_seconds > most ? one.up_to_seconds : most), 0n)
    estimated.windows.forEach(([a, b], i) => {
      const [start, end] = estimated.spans[i]
      if (b - a > longest) check.add(FAIL, 'estimate-unplanned', of, { point, start, end })
    })
  }
}

// Whether the metering plan of a record that estimates was anchored when the run opened.
function knownPlan(check, { of, window, run }, anchored) {
  if (anchored > window[0]) check.add(FAIL, 'plan-later', of, { start: utcText(anchored), opened: run.opened })
}

// The metering plan that the record names, if it is its own maker's, for its own facility.
export function ownPlan(reading, record, named) {
  const own = named && reading.maker(named) === reading.maker(record) && named.content.facility === record.content.facility
  return own ? named.content : null
}

function foreignGateway(reading, record, plan) {
  const maker = reading.key(record)
  if (!maker) return null
  const foreign = plan.points.find(({ gateway }) => {
    const key = reading.chain.keys.get(gateway)
    return key && key.operator !== maker.operator
  })
  return foreign?.gateway ?? null
}

// Why the readings are not looked at: they are withheld, or they are here and a page does not meter.
export function unmetered(reading, record, plan) {
  const { activity } = record.content
  if (!plan || !activity) return 'withheld'
  const inRange = (index) => activity.some((one) => one.first_index <= index && index <= one.last_index)
  const gateways = [...new Set(plan.points.map(({ gateway }) => gateway))]
  const frames = gateways
    .flatMap((gateway) => reading.frames.get(gateway) ?? [])
    .filter((frame) => frame.log.name === record.log.name && inRange(frame.index))
  return frames.length && frames.every(({ item }) => item.body) ? 'not-metered' : 'withheld'
}
