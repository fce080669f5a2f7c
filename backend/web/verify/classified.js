// SPDX-License-Identifier: Apache-2.0
// Check 10, as far as it is about classifications, by the rules of leafproof/verification/classified.py.
import { categoriesOf } from './classification.js'
import { lotId } from './fold.js'
import { FAIL, NOT_CHECKED, PASS, PENDING } from './report.js'

export const named = (categories) => categories.join(', ') || '-'

// 10: each classification of the bundle.
export function checkClassified(reading) {
  const { chain } = reading
  const check = reading.report[10]
  if (!chain) {
    if (reading.classified.size) check.add(NOT_CHECKED, 'withheld-chain', '', { reason: reading.noChain })
    return
  }
  for (const statement of reading.classified.values()) {
    const [status, code, params] = judge(reading, statement)
    check.add(status, code, statement.content.of, params)
  }
}

function judge(reading, statement) {
  const { chain } = reading
  const said = statement.content
  const maker = reading.key(statement)?.operator
  if (!maker || !chain.lots.has(lotId(maker, said.of))) {
    return isUnderWay(reading, statement) ? [PENDING, 'lot-pending', {}] : [FAIL, 'classified-foreign', {}]
  }
  const standing = chain.list.standing(statement.issuedAt)
  if (!standing.some(({ version, content }) => version === said.version && content === said.content)) {
    const held = chain.list.inForce(statement.issuedAt)?.version ?? 0
    return [FAIL, 'classified-version', { version: said.version, held }]
  }
  const rules = reading.rules(said.content)
  if (!rules) return [NOT_CHECKED, 'classified-list', { version: said.version }]
  const [expected, stated] = [categoriesOf(rules, said), said.categories]
  if (expected.length !== stated.length || expected.some((one, i) => one !== stated[i])) {
    return [FAIL, 'classified-differs', { expected: named(expected), stated: named(stated) }]
  }
  const { code, edition, version } = said
  return [PASS, 'classified', { categories: named(expected), code, edition, version }]
}

// Whether the signer has a record of the lot here to which a lot on chain may point soon, as check 6 has it.
function isUnderWay(reading, statement) {
  const isHis = (record) => record.content.of === statement.content.of && reading.maker(record) === reading.maker(statement)
  const pending = reading.report[5].status === PENDING
  return reading.lots().some((record) => isHis(record) && (pending || reading.pointerUnderWay(record)))
}

// As a record's maker classified its lot at `moment` (Unix seconds), else as he first did later; null where never. Who
// dates a statement back is bounded by the newest head on chain that does not have it.
export function categoriesAt(reading, record, moment) {
  const mine = [...reading.classified.values()]
    .filter((one) => one.content.of === record.content.of && reading.maker(one) === reading.maker(record))
    .map((one) => ({ at: Math.max(one.issuedAt, reading.chain.notBefore(one)), ...one }))
    .sort((a, b) => a.at - b.at || (a.index < b.index ? -1 : a.index > b.index ? 1 : 0))
  const made = mine.filter(({ at }) => at <= moment).at(-1) ?? mine.find(({ at }) => at > moment)
  return made?.content.categories ?? null
}
