// SPDX-License-Identifier: Apache-2.0
// Checks 6 to 10, for each lot of a bundle, by the rules of leafproof/verification/verify.py and lots.py. A check
// whose material is withheld says so and passes nothing. Readings are not metered here: `leafproof verify` does that.
import { Malformed } from './encoding.js'
import { calculate, lotOf, MEMBERS } from './footprint.js'
import { Fraction, rounded } from './rational.js'
import { amountOf, parentOf, productMass, SHARES, sharesFor } from './record.js'
import { FAIL, NOT_CHECKED, PASS, PENDING, WARNING } from './report.js'
import { localYear } from './values.js'

const MAX_DIFFERENCE = 300 // characters of a member that differs

// 6: the lot's pointer on chain is this record, and each footprint the one answer of that record's operator.
export async function checkCurrent(reading, pause) {
  const check = reading.report[6]
  for (const record of reading.lots()) {
    current(reading, record)
    await pause()
  }
  const first = new Map()
  for (const statement of reading.footprints.values()) {
    const record = reading.recordOf(statement)
    if (!record) check.add(FAIL, 'footprint-elsewhere', statement.label)
    else if (reading.maker(statement) !== reading.maker(record)) check.add(FAIL, 'footprint-foreign', statement.label)
    // Each version names the one before it, so that two with one predecessor are two answers.
    const place = `${reading.maker(statement)} ${lotOf(statement.content)} ${statement.content.supersedes}`
    if (first.has(place)) check.add(FAIL, 'footprint-fork', statement.label, { other: first.get(place).label })
    else first.set(place, statement)
  }
  const record = reading.record(reading.bundle.lot)
  if (record && ![...reading.footprints.values()].some(({ content }) => content.record === record.id)) {
    check.add(FAIL, 'footprint-outdated', reading.bundle.lot)
  }
}

function current(reading, record) {
  const [check, lot] = [reading.report[6], record.content.of]
  if (!reading.chain) {
    check.add(NOT_CHECKED, 'withheld-chain', lot, { reason: reading.noChain })
    return
  }
  const onChain = reading.onChain(record)
  const newest = onChain?.versions.at(-1)
  if (!newest) {
    const pending = reading.report[5].status === PENDING
    const key = reading.key(record)
    check.add(pending ? PENDING : FAIL, pending ? 'lot-pending' : 'lot-missing', lot, { operator: key ? '0x' + key.operator : 'unknown' })
  } else if (newest.leaf !== record.leaf) check.add(FAIL, 'superseded', lot, { version: newest.version })
  else check.add(PASS, 'current', lot, { version: newest.version })
}

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
    const foreign = plan && foreignGateway(reading, record, plan)
    if (foreign) check.add(FAIL, 'gateway-foreign', lot, { key: foreign })
    check.add(NOT_CHECKED, unmetered(reading, record, plan), lot)
    await pause()
  }
}

function provenance(check, { content, issuedAt }) {
  if (content.mode === 'recorded') {
    const measured = localYear(content.window[0], content.zone)
    check.add(WARNING, 'recorded', content.of, { measured, entered: localYear(Number(issuedAt), content.zone) })
  }
  if (content.mode === 'simulated') check.add(WARNING, 'simulated', content.of)
  for (const { name, quantity, unit, source } of [...(content.outputs ?? []), ...(content.inputs ?? [])]) {
    const params = { name, quantity, unit }
    if (source.kind === 'weighed') params.reference = source.reference ?? ''
    check.add(WARNING, `quantity-${source.kind}`, content.of, params)
  }
}

// The metering plan that the record names, if it is its own maker's, for its own facility.
function ownPlan(reading, record, named) {
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
function unmetered(reading, record, plan) {
  const { activity } = record.content
  if (!plan || !activity) return 'withheld'
  const inRange = (index) => activity.some((one) => one.first_index <= index && index <= one.last_index)
  const gateways = [...new Set(plan.points.map(({ gateway }) => gateway))]
  const frames = gateways
    .flatMap((gateway) => reading.frames.get(gateway) ?? [])
    .filter((frame) => frame.log.name === record.log.name && inRange(frame.index))
  return frames.length && frames.every(({ item }) => item.body) ? 'not-metered' : 'withheld'
}

// 8: footprints from facts and factors, to the same digits.
export async function checkRecomputed(reading, pause) {
  const check = reading.report[8]
  for (const record of reading.used()) {
    const plan = ownPlan(reading, record, reading.plan(record))
    check.add(NOT_CHECKED, unmetered(reading, record, plan), record.content.of)
    await pause()
  }
  for (const statement of reading.footprints.values()) {
    const record = reading.recordOf(statement)
    if (record) check.attempt('not-computable', lotOf(statement.content), () => recompute(reading, statement.content, record.content))
    await pause()
  }
}

function recompute(reading, stated, facts) {
  const [check, lot] = [reading.report[8], lotOf(stated)]
  if ([stated.components, facts.outputs, facts.inputs, facts.activity].includes(null)) {
    check.add(NOT_CHECKED, 'withheld', lot)
    return
  }
  const computed = calculate(facts, stated, (ref) => reading.factor(ref), (id) => reading.footprint(id))
  const told = (value) => (typeof value === 'string' ? value : JSON.stringify(value))
  const differing = MEMBERS.filter((name) => told(stated[name]) !== told(computed[name]))
  for (const part of differing) {
    const [given, expected] = [stated, computed].map((one) => told(one[part]).slice(0, MAX_DIFFERENCE))
    check.add(FAIL, 'footprint-differs', lot, { part, stated: given, computed: expected })
  }
  if (!differing.length) check.add(PASS, 'footprint-recomputed', lot, { value: stated.per_tonne })
}

// 9: each input lot is here, and exactly the shares that the record takes are spent on this lot.
export async function checkInputs(reading, pause) {
  for (const record of reading.used()) {
    inputsOf(reading, record)
    await pause()
  }
}

function inputsOf(reading, record) {
  const [check, { of: lot, inputs }] = [reading.report[9], record.content]
  if (!inputs) {
    check.add(NOT_CHECKED, 'withheld', lot)
    return
  }
  if (!inputs.length) check.add(PASS, 'no-inputs', lot)
  const taken = new Map()
  for (const line of inputs) {
    const parent = parentOf(line)
    if (!parent) {
      check.add(WARNING, 'input-material', lot, { name: line.name })
      continue
    }
    const found = inputLot(reading, lot, line, parent)
    if (found) taken.set(found.parent.id, [...(taken.get(found.parent.id) ?? []), found])
  }
  const consumed = reading.onChain(record)?.inputs ?? null
  for (const several of taken.values()) spent(reading, lot, several, consumed)
  if (check.findings.some(({ code }) => code === 'input-missing')) return
  const unstated = new Set((consumed ?? []).map(({ parent }) => parent).filter((parent) => !taken.has(parent)))
  for (const parent of [...unstated].sort()) check.add(FAIL, 'input-unstated', lot, { token: '0x' + parent })
}

// An input line whose lot is on chain, and the lot's record that counts.
function inputLot(reading, child, line, lot) {
  const check = reading.report[9]
  const named = reading.footprints.get(line.footprint)
  const used = named ? reading.recordOf(named, lot) : null
  if (!used) {
    check.add(FAIL, 'input-missing', child, { lot })
    return null
  }
  if (!reading.chain) {
    check.add(NOT_CHECKED, 'withheld-chain', child, { reason: reading.noChain })
    return null
  }
  const parent = reading.onChain(used)
  if (!parent?.versions.some(({ leaf }) => leaf === used.leaf)) {
    check.add(FAIL, 'input-footprint', child, { lot })
    return null
  }
  const maker = '0x' + parent.operator
  if (line.operator !== maker) check.add(FAIL, 'input-maker', child, { lot, stated: line.operator ?? 'None', maker })
  const newest = parent.versions.at(-1)
  if (newest.leaf !== used.leaf) check.add(WARNING, 'input-corrected', child, { lot, version: newest.version })
  if (!used.content.outputs) check.add(NOT_CHECKED, 'withheld', child)
  return { line, used: used.content, parent }
}

// Of one input lot: what all lines take of it, against what the chain holds as spent.
function spent(reading, child, taken, consumed) {
  if (taken.some(({ used }) => !used.outputs)) return
  const [check, [{ line, used, parent }]] = [reading.report[9], taken]
  const held = (consumed ?? []).filter((one) => one.parent === parent.id).reduce((total, { shares }) => total + shares, 0n)
  const params = { lot: used.of, quantity: taken.map((one) => one.line.quantity).join(' + '), unit: line.unit }
  const expected = wanted(taken)
  if (consumed === null && reading.report[6].status === PENDING) check.add(PENDING, 'lot-pending', child)
  else if (held === 0n) check.add(FAIL, 'input-unspent', child, { lot: used.of })
  else if (held !== expected) check.add(FAIL, 'input-shares', child, { expected, spent: held, ...params })
  else check.add(PASS, 'input-verified', child, { shares: `${rounded(new Fraction(100n * held, SHARES), 2)} %`, ...params })
}

// The shares that the lines take; more than there are, if they take more than the lot.
function wanted(taken) {
  try {
    return taken.reduce((total, { line, used }) => total + sharesFor(amountOf(line).to('t'), productMass(used)), 0n)
  } catch (error) {
    if (!(error instanceof Malformed)) throw error
    return SHARES + 1n
  }
}

// 10: labels and opinions.
export function checkLabels(reading) {
  reading.report[10].add(PASS, 'no-labels')
}
