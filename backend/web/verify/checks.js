// SPDX-License-Identifier: Apache-2.0
// The eleven checks of leafproof/verification/verify.py, with the same numbers, codes and sentences, as far as a bundle
// and a chain node give their material. Whatever they hold, every check is made, and the page stays alive.
import { readBundle } from './bundle.js'
import { readChain } from './chain.js'
import { checkClaims } from './claims.js'
import { checkClassified } from './classified.js'
import { checkCurrent } from './current.js'
import { equal, hex, Malformed } from './encoding.js'
import { checkEvidence } from './evidence.js'
import { lotOf } from './footprint.js'
import { isReplaced } from './heads.js'
import { checkInputs } from './inputs.js'
import { judge } from './keyInForce.js'
import { readKey } from './keys.js'
import { Node, Unreachable } from './node.js'
import { cosignedBy, originOf, readCheckpoint, readWitness } from './note.js'
import { checkLabels } from './labels.js'
import { checkOpinions } from './opinion.js'
import { Reading } from './reading.js'
import { checkRecomputed } from './recomputed.js'
import { FAIL, newReport, NOT_CHECKED, PASS, PENDING, reasonOf } from './report.js'
import { readBody, readStatement, signatureVerifies } from './statement.js'
import { MAX_RECORDS, tooMany } from './supply.js'
import { checkConsistency, leafHash, rootFromPath } from './tree.js'
import { lot as lotNamed, utcText } from './values.js'

const BREATH = 12 // milliseconds of work between two pauses, so that the page stays alive

function pauses() {
  let last = performance.now()
  return async () => {
    if (performance.now() - last < BREATH) return
    await new Promise((resume) => setTimeout(resume))
    last = performance.now()
  }
}

// `shown` is what the page says: {gtin, lot, per_tonne, profile}. `trust` is a trust file's content, `rpc` a node's address or
// nothing.
export async function verify(bytes, shown, trust, rpc, progress) {
  const report = newReport()
  const bundle = report[0].attempt('malformed', '', () => readBundle(bytes))
  if (!bundle) return report
  const pause = pauses()
  const keys = readKeys(bundle, report[0])
  const statements = await readStatements(bundle, report[0], pause)
  await checkSignatures(statements, keys, report[2], pause, progress)
  await checkDisclosures(statements, keys, report[3], pause)
  const { chain, noChain } = await chainOf(bundle, statements, trust, rpc, report[5], pause)
  const reading = new Reading(bundle, trust, chain, noChain, report)
  for (const statement of statements) reading.take(statement)
  checkLot(reading, shown)
  for (const [number, step] of STEPS) {
    try {
      await step(reading, pause)
    } catch (error) {
      report[number].add(FAIL, 'malformed', '', { reason: reasonOf(error) })
    }
  }
  return report
}

// Each leans on those before it, and none is left out for a fault of theirs.
const STEPS = [
  [1, checkKeys],
  [4, checkIncluded],
  [5, checkFinal],
  [6, checkCurrent],
  [7, checkEvidence],
  [8, checkRecomputed],
  [9, checkInputs],
  [10, checkOpinions],
  [10, checkClassified],
  [10, checkLabels],
  [10, checkClaims],
]

function readKeys(bundle, check) {
  const keys = new Map()
  for (const cose of bundle.keys) {
    const key = check.attempt('malformed', 'key', () => readKey(cose))
    if (key) keys.set(hex(key.id), key)
  }
  return keys
}

async function readStatements(bundle, check, pause) {
  const statements = []
  for (const item of bundle.items) {
    const statement = check.attempt('malformed', `entry ${item.index}`, () => readStatement(item))
    if (statement) statements.push(statement)
    await pause()
  }
  if (tooMany(statements)) {
    check.add(FAIL, 'too-many-records', '', { count: MAX_RECORDS })
    return []
  }
  if (statements.length === bundle.items.length) check.add(PASS, 'well-formed', '', { count: statements.length })
  return statements
}

async function checkKeys({ report, statements, chain, noChain, trust }, pause) {
  const check = report[1]
  if (!chain) {
    check.add(NOT_CHECKED, 'withheld-chain', '', { reason: noChain })
    return
  }
  const told = new Set()
  for (const statement of statements) {
    for (const [status, code, params] of judge(statement, chain, trust.registrars)) {
      const known = `${statement.keyId} ${code}`
      if (status === FAIL || !told.has(known)) check.add(status, code, statement.label, params)
      told.add(known)
    }
    await pause()
  }
}

async function checkSignatures(statements, keys, check, pause, progress) {
  let good = 0
  for (const [place, statement] of statements.entries()) {
    const key = keys.get(statement.keyId)
    if (!key) check.add(FAIL, 'key-missing', statement.label, { key: statement.keyId })
    else if (signatureVerifies(statement, key)) good += 1
    else check.add(FAIL, 'signature-invalid', statement.label, { reason: 'the signature does not verify' })
    progress?.((place + 1) / statements.length)
    await pause()
  }
  if (good) check.add(PASS, 'signed', '', { count: good })
}

async function checkDisclosures(statements, keys, check, pause) {
  let good = 0
  for (const statement of statements) {
    const key = keys.get(statement.keyId)
    if (statement.item.body === null || !key) continue
    check.attempt('disclosure-differs', statement.label, () => {
      readBody(statement, key)
      good += 1
    })
    await pause()
  }
  if (good) check.add(PASS, 'disclosed', '', { count: good })
}

// The chain, or why there is none: what is wrong with the node's answers counts against check 5.
async function chainOf(bundle, statements, trust, rpc, check, pause) {
  if (!rpc) return { chain: null, noChain: 'no chain node' }
  const heads = usedHeads(bundle).filter(({ log }) => onTrusted(log, trust))
  try {
    return { chain: await readChain(new Node(rpc), trust, statements, heads, pause), noChain: '' }
  } catch (error) {
    if (error instanceof Unreachable) return { chain: null, noChain: error.message }
    check.add(FAIL, 'chain-differs', '', { reason: reasonOf(error) })
    return { chain: null, noChain: reasonOf(error) }
  }
}

const usedHeads = ({ items, heads }) =>
  [...new Set(items.map(({ head }) => Number(head)))].sort((a, b) => a - b).map((place) => heads[place])

const onTrusted = (log, trust) => log.chain === trust.chain_id && '0x' + log.contract === trust.contracts.TransparencyLog.address

// Is the bundle of the lot that the page shows, of one maker, and is the number on the page the one that was signed?
function checkLot(reading, shown) {
  const { report, bundle, footprints } = reading
  const check = report[0]
  const asked = lotNamed(shown.gtin, shown.lot)
  if (bundle.lot !== asked) check.add(FAIL, 'another-lot', '', { asked, found: bundle.lot })
  const count = reading.makers(bundle.lot).length
  if (!count) check.add(FAIL, 'lacks-record')
  if (count > 1) check.add(FAIL, 'two-makers', bundle.lot)
  const printed = [...footprints.values()].filter(({ content }) => lotOf(content) === bundle.lot)
  const standing = printed.filter((statement) => !isReplaced(reading, statement)).map(({ content }) => content)
  if (!printed.length) check.add(FAIL, 'lacks-footprint')
  else if (!standing.some((one) => one.per_tonne === shown.per_tonne && one.profile.id === shown.profile)) {
    report[3].add(FAIL, 'shown-differs', '', { shown: shown.per_tonne, stated: standing.at(-1).per_tonne })
  }
}

async function checkIncluded({ report, bundle, statements }, pause) {
  const check = report[4]
  let good = 0
  for (const item of bundle.items) {
    const head = bundle.heads[item.head]
    check.attempt('not-included', `entry ${item.index}`, () => {
      if (!equal(rootFromPath(leafHash(item.envelope), item.index, head.size, item.path), head.root)) {
        throw new Malformed('the inclusion proof does not lead to the root')
      }
      good += 1
    })
    await pause()
  }
  for (const { item, label, log } of statements) {
    if (log.name !== bundle.heads[item.head].log.name) check.add(FAIL, 'other-log', label)
  }
  if (good) check.add(PASS, 'included', '', { count: good })
}

function checkFinal({ report, bundle, chain, noChain, trust }) {
  const check = report[5]
  for (const head of usedHeads(bundle)) {
    const { log, size } = head
    const held = chain?.heads.get(head)
    if (!onTrusted(log, trust)) check.add(FAIL, 'other-chain', '', { chain: log.chain, contract: '0x' + log.contract })
    else if (!chain) check.add(NOT_CHECKED, 'withheld-chain', '', { reason: noChain })
    else if (held === 'no log') check.add(FAIL, 'log-unknown')
    else if (held === 'unknown') check.add(FAIL, 'head-unknown', '', { size })
    else if (held.pending !== undefined) check.add(PENDING, 'head-pending', '', { size: held.pending, claimed: size })
    else if (held.unsettled !== undefined) check.add(PENDING, 'head-unsettled', '', { size, block: held.unsettled })
    else check.add(PASS, 'head-final', '', { size, block: held.block, time: utcText(held.time) })
    checkWitnessed(check, bundle, head, trust)
  }
}

// Closed where witnesses are missing: whoever is shown a split view is shown one without them.
function checkWitnessed(check, bundle, head, trust) {
  const required = trust.witnesses_required
  if (!required) return
  const witnesses = trust.witnesses.map(readWitness)
  let best = []
  for (const { note, proofs } of bundle.checkpoints) {
    for (const [place, proof] of proofs) {
      if (bundle.heads[place] !== head) continue
      try {
        const names = extendedBy(head, readCheckpoint(note), proof, witnesses)
        if (names.length > best.length) best = names
      } catch {
        continue // it counts for nobody
      }
    }
  }
  const { size } = head
  if (best.length >= required) check.add(PASS, 'witnessed', '', { size, names: best.join(', ') })
  else check.add(FAIL, 'unwitnessed', '', { size, count: best.length, required })
}

// Those of the witnesses that cosigned the checkpoint, which is the head or extends it by the proof, or raises.
function extendedBy({ log, size, root }, checkpoint, proof, witnesses) {
  if (checkpoint.origin !== originOf(log)) throw new Malformed('the checkpoint is of another log')
  checkConsistency(size, root, checkpoint.size, checkpoint.root, proof)
  return cosignedBy(checkpoint, witnesses)
}
