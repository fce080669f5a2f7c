// SPDX-License-Identifier: Apache-2.0
// Checks 0, 2, 3, 4 and 5 of leafproof/verification/verify.py, with the same numbers and the same sentences.
// Checks 1 and 6 to 10 are not made here: they need the registries on the chain, or readings that are withheld.
import { heads, identify, node, Unreachable } from './chain.js'
import { equal, hex, Malformed } from './encoding.js'
import { readBody, readBundle, readKey, readStatement, signatureVerifies } from './statement.js'
import { leafHash, rootFromPath } from './tree.js'

const WEIGHT = ['pass', 'not checked', 'not yet anchored', 'fail']
const BREATH = 12 // milliseconds of work between two pauses, so that the page stays alive

class Check {
  constructor() {
    this.findings = []
  }

  add(status, code, subject = '', params = {}) {
    this.findings.push({ status, code, subject, params })
  }

  // That of its weightiest finding; a check that found nothing has checked nothing.
  get status() {
    if (!this.findings.length) return 'not checked'
    return WEIGHT[Math.max(...this.findings.map((finding) => WEIGHT.indexOf(finding.status)))]
  }
}

function pauses() {
  let last = performance.now()
  return async () => {
    if (performance.now() - last < BREATH) return
    await new Promise((resume) => setTimeout(resume))
    last = performance.now()
  }
}

// `shown` is what the page says: {gtin, lot, per_tonne}. `trust` names chain and contract, `rpc` a node or nothing.
export async function verify(bytes, shown, trust, rpc, progress) {
  const checks = { 0: new Check(), 2: new Check(), 3: new Check(), 4: new Check(), 5: new Check() }
  let bundle
  try {
    bundle = readBundle(bytes)
  } catch (error) {
    if (!(error instanceof Malformed)) throw error
    checks[0].add('fail', 'malformed', '', { reason: error.message })
    return checks
  }
  const pause = pauses()
  const keys = wellFormedKeys(bundle, checks[0])
  const statements = wellFormed(bundle, checks[0])
  await signatures(statements, keys, checks[2], pause, progress)
  const read = disclosures(statements, keys, checks[3])
  lotOf(bundle, read, shown, checks)
  included(bundle, statements, checks[4])
  await final(bundle, trust, rpc, checks[5])
  return checks
}

function wellFormedKeys(bundle, check) {
  const keys = new Map()
  for (const cose of bundle.keys) {
    attempt(check, 'malformed', 'key', () => {
      const key = readKey(cose)
      keys.set(hex(key.id), key)
    })
  }
  return keys
}

function wellFormed(bundle, check) {
  const statements = []
  for (const item of bundle.items) {
    attempt(check, 'malformed', `entry ${item.index}`, () => statements.push(readStatement(item)))
  }
  if (statements.length === bundle.items.length) check.add('pass', 'well-formed', '', { count: statements.length })
  return statements
}

async function signatures(statements, keys, check, pause, progress) {
  let good = 0
  for (const [place, statement] of statements.entries()) {
    const key = keys.get(hex(statement.keyId))
    if (!key) check.add('fail', 'key-missing', statement.label, { key: hex(statement.keyId) })
    else if (signatureVerifies(statement, key)) good += 1
    else check.add('fail', 'signature-invalid', statement.label, { reason: 'the signature does not verify' })
    progress?.((place + 1) / statements.length)
    await pause()
  }
  if (good) check.add('pass', 'signed', '', { count: good })
}

function disclosures(statements, keys, check) {
  const read = []
  let good = 0
  for (const statement of statements) {
    const key = keys.get(hex(statement.keyId))
    if (statement.item.body === null || !key) continue
    attempt(check, 'disclosure-differs', statement.label, () => {
      const members = readBody(statement, key)
      good += 1
      if (members) read.push({ statement, members })
    })
  }
  if (good) check.add('pass', 'disclosed', '', { count: good })
  return read
}

// Is the bundle of the lot that the page shows, and is the number on the page the one that was signed?
function lotOf(bundle, read, shown, checks) {
  const ours = (kind) => read.filter((r) => r.statement.kind === kind && r.members.gtin === shown.gtin && r.members.lot === shown.lot)
  if (bundle.lot[0] !== shown.gtin || bundle.lot[1] !== shown.lot || !ours('batch record').length) {
    checks[0].add('fail', 'lacks-record')
  }
  const footprints = ours('footprint')
  if (!footprints.length) checks[0].add('fail', 'lacks-footprint')
  else if (!footprints.some((f) => f.members.per_tonne === shown.per_tonne)) {
    checks[3].add('fail', 'shown-differs', '', { shown: shown.per_tonne, stated: footprints.at(-1).members.per_tonne })
  }
}

function included(bundle, statements, check) {
  let good = 0
  for (const item of bundle.items) {
    const head = bundle.heads[item.head]
    attempt(check, 'not-included', `entry ${item.index}`, () => {
      if (!equal(rootFromPath(leafHash(item.envelope), item.index, head.size, item.path), head.root)) {
        throw new Malformed('the inclusion proof does not lead to the root')
      }
      good += 1
    })
  }
  for (const { item, label, log } of statements) {
    if (!sameLog(log, bundle.heads[item.head].log)) check.add('fail', 'other-log', label)
  }
  if (good) check.add('pass', 'included', '', { count: good })
}

const sameLog = (a, b) => a.chain === b.chain && equal(a.contract, b.contract) && equal(a.id, b.id)

async function final(bundle, trust, rpc, check) {
  const used = [...new Set(bundle.items.map((item) => item.head))].map((place) => bundle.heads[place])
  const logs = new Map()
  for (const head of used) {
    const contract = '0x' + hex(head.log.contract)
    if (head.log.chain !== trust.chain_id || contract !== trust.log.address) {
      check.add('fail', 'other-chain', '', { chain: head.log.chain, contract })
    } else {
      const id = hex(head.log.id)
      logs.set(id, [...(logs.get(id) ?? []), head])
    }
  }
  if (!logs.size) return
  if (!rpc) {
    check.add('not checked', 'withheld-chain', '', { reason: 'no chain node' })
    return
  }
  try {
    const ask = node(rpc)
    await identify(ask, trust)
    for (const wanted of logs.values()) await judgeHeads(ask, trust, wanted, check)
  } catch (error) {
    if (error instanceof Malformed) check.add('fail', 'malformed', '', { reason: error.message })
    else if (error instanceof Unreachable) check.add('not checked', 'withheld-chain', '', { reason: 'the chain node does not answer this device' })
    else throw error
  }
}

async function judgeHeads(ask, trust, wanted, check) {
  const found = await heads(ask, trust, wanted[0].log.id, wanted)
  found.forEach((result, i) => {
    const { size } = wanted[i]
    if (result.pending !== undefined) check.add('not yet anchored', 'head-pending', '', { size: result.pending, claimed: size })
    else if (result.unsettled !== undefined) check.add('not yet anchored', 'head-unsettled', '', { size, block: result.unsettled })
    else if (result === 'unknown') check.add('fail', 'head-unknown', '', { size })
    else {
      const time = new Date(result.time * 1000).toISOString().replace('.000', '')
      check.add('pass', 'head-final', '', { size, block: result.block, time })
    }
  })
}

function attempt(check, code, subject, work) {
  try {
    work()
  } catch (error) {
    // Whatever hostile bytes raise is a finding: nothing may stop the checks behind it.
    const reason = error instanceof Malformed ? error.message : 'cannot be read'
    check.add('fail', code, subject, { reason })
  }
}
