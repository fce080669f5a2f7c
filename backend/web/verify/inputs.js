// SPDX-License-Identifier: Apache-2.0
// Check 9, for each lot of a bundle, by the rules of leafproof/verification/lots.py.
import { checkCorrectedInputs } from './correction.js'
import { Malformed } from './encoding.js'
import { HOME_SCRAP } from './looped.js'
import { Fraction, rounded } from './rational.js'
import { amountOf, namedOf, parentOf, productMass, SHARES, sharesFor } from './record.js'
import { FAIL, NOT_CHECKED, PASS, PENDING, WARNING } from './report.js'
import { checkCycle, checkLeftAside } from './supply.js'

const CLAIMED = new Map([[4, 'custody-mass-balance'], [5, 'custody-book-and-claim']]) // ILotRegistry.Custody

// 9: each input lot is here, and exactly the shares that the record takes are spent on this lot.
export async function checkInputs(reading, pause) {
  for (const record of reading.used()) {
    inputsOf(reading, record)
    await pause()
  }
  checkLeftAside(reading)
  checkCycle(reading)
  checkCorrectedInputs(reading)
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
      const named = namedOf(line)
      if (line.material === HOME_SCRAP && !named) check.add(PASS, 'input-looped', lot, { name: line.name })
      else check.add(WARNING, named ? 'input-unproven' : 'input-material', lot, { name: line.name, lot: named ?? '' })
      continue
    }
    const found = inputLot(reading, lot, line, parent)
    if (found) taken.set(found.parent.id, [...(taken.get(found.parent.id) ?? []), found])
  }
  const onChain = reading.onChain(record)
  const consumed = onChain?.inputs ?? null
  for (const several of taken.values()) spent(reading, lot, several, consumed)
  if (onChain) custody(check, lot, onChain, [...taken.values()].map(([one]) => one))
  if (check.findings.some(({ code }) => ['input-missing', 'input-pending'].includes(code))) return
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
    const pending = reading.pointerUnderWay(used)
    check.add(pending ? PENDING : FAIL, pending ? 'input-pending' : 'input-footprint', child, { lot })
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

// Models after which the material itself may be another; and a lot that claims more than its inputs do.
function custody(check, child, onChain, taken) {
  if (CLAIMED.has(onChain.custody)) check.add(WARNING, CLAIMED.get(onChain.custody), child)
  for (const { used, parent } of taken) {
    if (onChain.custody > 0 && onChain.custody < parent.custody) check.add(FAIL, 'custody-stricter', child, { lot: used.of })
  }
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
