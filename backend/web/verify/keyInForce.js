// SPDX-License-Identifier: Apache-2.0
// Check 1: may this key sign this statement, as the chain saw it when it was anchored? The rules of
// leafproof/verification/key_in_force.py.
import { GATEWAY, ISSUER } from './fold.js'
import { FAIL, PASS } from './report.js'
import { speaksFor } from './values.js'

// What speaks for or against the key, as [status, code, params]; `registrars` are those that the reader trusts.
export function judge(statement, chain, registrars) {
  const key = chain.keys.get(statement.keyId)
  if (!key) return [[FAIL, chain.unproven.has(statement.keyId) ? 'key-unproven' : 'key-unknown', { key: statement.keyId }]]
  const operator = admission(statement, chain.operators.get(key.operator), chain)
  const refused = refusal(statement, key, operator, chain)
  if (refused) return [[FAIL, ...refused]]
  const found = [[PASS, 'key-in-force', { operator: operator.identifier }]]
  if (key.role === GATEWAY) {
    const trusted = key.attestedBy.find((registrar) => registrars.includes('0x' + registrar))
    const name = trusted && (chain.registrars.get(trusted) ?? '0x' + trusted)
    found.push(trusted ? [PASS, 'key-attested', { registrar: name }] : [PASS, 'key-self-declared', {}])
  }
  return found
}

// The admission under which the statement stands, or is not anchored yet; null for what came after a removal. What was
// anchored before the first admission stands under that one: registrations may still be on their way to the chain.
function admission(statement, admissions, chain) {
  const found = admissions.find(({ removed }) => !removed || chain.anchoredBefore(statement, removed))
  const tooEarly = found && found !== admissions[0] && chain.anchoredBefore(statement, found.admitted)
  return found && !tooEarly ? found : null
}

function refusal(statement, key, operator, chain) {
  const { frame, issuer, log } = statement
  // Whether something ended before the statement was anchored; not anchored yet counts as after.
  const over = (end) => end && !chain.anchoredBefore(statement, end)
  if (key.role !== (frame ? GATEWAY : ISSUER)) return ['key-role', {}]
  if (key.issuer !== issuer) return ['key-issuer', { issuer, registered: key.issuer }]
  if (key.role === GATEWAY && key.log !== log.id) return ['key-log', {}]
  if (!operator) return ['key-operator', {}]
  if (!speaksFor(operator.identifier, key.issuer)) return ['key-name', { issuer: key.issuer, operator: operator.identifier }]
  if (over(key.compromised)) return ['key-compromised', {}]
  if (over(key.retired?.moment) && !backlog(frame, key.retired)) {
    return ['key-retired', { epoch: key.retired.epoch, sequence: key.retired.lastSequence }]
  }
  return null
}

// Frames up to the epoch and sequence named at retirement count whenever they arrive.
function backlog(frame, { epoch, lastSequence }) {
  if (!frame) return false
  const [own, place] = [BigInt(frame.epoch), BigInt(frame.sequence)]
  return own < epoch || (own === epoch && place <= lastSequence)
}
