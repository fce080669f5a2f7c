// SPDX-License-Identifier: Apache-2.0
// Check 6, for each lot of a bundle, by the rules of leafproof/verification/verify.py.
import { checkCorrected } from './correction.js'
import { checkDeclaredCurrent } from './declared.js'
import { lotOf } from './footprint.js'
import { checkHeads } from './heads.js'
import { FAIL, NOT_CHECKED, PASS, PENDING } from './report.js'

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
    // Each version by a profile names the one before it, so that two with one predecessor are two answers.
    const { profile, supersedes } = statement.content
    const place = `${reading.maker(statement)} ${lotOf(statement.content)} ${profile.id} ${supersedes}`
    if (first.has(place)) check.add(FAIL, 'footprint-fork', statement.label, { other: first.get(place).label })
    else first.set(place, statement)
  }
  printed(reading)
  checkHeads(reading)
  checkDeclaredCurrent(reading)
  checkCorrected(reading)
}

function printed(reading) {
  const [check, { lot }] = [reading.report[6], reading.bundle]
  const record = reading.record(lot)
  if (!record) return
  const stated = [...reading.footprints.values()].map(({ content }) => content).filter((one) => lotOf(one) === lot)
  const ofIt = new Set(stated.filter((one) => one.record === record.id).map(({ profile }) => profile.id))
  if (!ofIt.size) {
    check.add(FAIL, 'footprint-outdated', lot)
    return
  }
  for (const profile of [...new Set(stated.map((one) => one.profile.id))].sort()) {
    const newest = ofIt.has(profile)
    check.add(newest ? PASS : FAIL, newest ? 'footprint-newest' : 'profile-outdated', lot, { profile })
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
    const pending = reading.report[5].status === PENDING || reading.pointerUnderWay(record)
    const key = reading.key(record)
    check.add(pending ? PENDING : FAIL, pending ? 'lot-pending' : 'lot-missing', lot, { operator: key ? '0x' + key.operator : 'unknown' })
  } else if (newest.leaf !== record.leaf) check.add(FAIL, 'superseded', lot, { version: newest.version })
  else check.add(PASS, 'current', lot, { version: newest.version })
}
