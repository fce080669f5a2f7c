// SPDX-License-Identifier: Apache-2.0
// Signed statements, by the rules of leafproof/envelope.py, and what their bodies say, as far as they were given out
// (leafproof/verification/statements.py).
import { sha256 } from '@noble/hashes/sha2.js'
import { readLog } from './bundle.js'
import { readDisclosed } from './disclosure.js'
import { readCancellation } from './certificate.js'
import { CLASSIFYING, readClassifying } from './classification.js'
import { decodeDeterministic, encode, equal, hex, isBytes, isCount, Malformed, utf8 } from './encoding.js'
import { readCorrection } from './correction.js'
import * as declared from './declared.js'
import { readFactors } from './factors.js'
import * as footprints from './footprint.js'
import { EDDSA, ES256, SIGNATURE_SIZE, verifies } from './keys.js'
import { LABELLING, readLabelling } from './label.js'
import { readStage } from './lifecycle.js'
import { readOpinion } from './opinion.js'
import { readPeriod } from './period.js'
import { readPlan } from './plan.js'
import * as records from './record.js'
import { leafHash } from './tree.js'
import { LATEST } from './values.js'

export const [
  FRAME, PLAN, RECORD, FOOTPRINT, FACTORS, PERIOD, DECLARED, OPINION, CORRECTION, STAGE, CANCELLATION,
] = [
  'frame', 'metering plan', 'batch record', 'footprint', 'factor set', 'energy period', 'declared footprint', 'opinion',
  'correction', 'life-cycle stage', 'cancellation',
]

const MAX_ENVELOPE = 4096
const MAX_NAME = 256
const KINDS = new Map([
  ['application/vnd.leafproof.frame+cbor', FRAME],
  ['application/vnd.leafproof.metering-plan+cbor', PLAN],
  ['application/vnd.leafproof.batch-record+cbor', RECORD],
  ['application/vnd.leafproof.footprint+cbor', FOOTPRINT],
  ['application/vnd.leafproof.factor-set+cbor', FACTORS],
  ['application/vnd.leafproof.energy-period+cbor', PERIOD],
  ['application/vnd.leafproof.declared-footprint+cbor', DECLARED],
  ['application/vnd.leafproof.opinion+cbor', OPINION],
  ['application/vnd.leafproof.correction+cbor', CORRECTION],
  ['application/vnd.leafproof.lifecycle-stage+cbor', STAGE],
  ['application/vnd.leafproof.cancellation+cbor', CANCELLATION],
  ...['scheme', 'accreditation', 'label', 'label-change', 'recognition'].map((name, i) => [
    `application/vnd.leafproof.${name}+cbor`, LABELLING[i],
  ]),
  ...['living-list', 'remark', 'classified'].map((name, i) => [
    `application/vnd.leafproof.${name}+cbor`, CLASSIFYING[i],
  ]),
])
const HEADER = [1, 4, 15, 258, 259, 'log', 'frame']

export function readStatement(item) {
  const raw = item.envelope
  if (raw.length > MAX_ENVELOPE) throw new Malformed(`envelope: ${raw.length} bytes, at most ${MAX_ENVELOPE} are read`)
  if (raw[0] !== 0xd2 || raw[1] !== 0x84) throw new Malformed('envelope: not a tagged COSE_Sign1')
  const parts = decodeDeterministic(raw.subarray(1), 'envelope', MAX_ENVELOPE)
  const [inProtected, unprotected, payload, signature] = parts
  if (!isBytes(inProtected) || !(unprotected instanceof Map) || unprotected.size || !isBytes(payload) || !isBytes(signature)) {
    throw new Malformed('envelope: not [protected, {}, payload, signature]')
  }
  if (payload.length !== 32 || signature.length !== SIGNATURE_SIZE) {
    throw new Malformed('envelope: payload is not a SHA-256, or the signature has not 64 bytes')
  }
  const header = readHeader(decodeDeterministic(inProtected, 'protected header', MAX_ENVELOPE))
  const kind = KINDS.get(header.contentType)
  if (!kind) throw new Malformed(`content type: unknown: ${header.contentType.slice(0, 80)}`)
  if ((header.frame !== null) !== (kind === FRAME)) {
    throw new Malformed('statement: a frame has a place in a stream, and nothing else has')
  }
  const signed = encode(['Signature1', inProtected, new Uint8Array(0), payload]) // RFC 9052 4.4
  return {
    item,
    ...header,
    kind,
    index: item.index,
    label: `${kind}, entry ${item.index}`,
    payload,
    signature,
    signed,
    id: hex(sha256(signed)),
    leaf: hex(leafHash(raw)),
    content: null,
  }
}

function readHeader(value) {
  const claims = value instanceof Map ? value.get(15) : undefined
  const good =
    claims instanceof Map && claims.size === 3 && [1, 2, 6].every((name) => claims.has(name)) &&
    [...value.keys()].every((name) => HEADER.includes(name)) && HEADER.slice(0, -1).every((name) => value.has(name)) &&
    isBytes(value.get(4)) && value.get(258) === -16
  if (!good) throw new Malformed('protected header: not exactly the members of a Leafproof statement')
  const [algorithm, keyId, issuedAt] = [value.get(1), value.get(4), claims.get(6)]
  if (![ES256, EDDSA].includes(algorithm)) throw new Malformed('algorithm: neither ES256 nor EdDSA')
  if (keyId.length !== 32) throw new Malformed('key id: not a thumbprint of 32 bytes')
  if (!isCount(issuedAt) || issuedAt >= LATEST) {
    throw new Malformed('issued at: not a whole number of Unix seconds before the year 10000')
  }
  const frame = value.has('frame') ? readPlace(value.get('frame')) : null
  const issuer = name(claims.get(1), 'issuer')
  name(claims.get(2), 'subject')
  const contentType = name(value.get(259), 'content type')
  return { algorithm, keyId: hex(keyId), issuer, issuedAt, contentType, log: readLog(value.get('log'), 'log'), frame }
}

function name(value, field) {
  // Printable: no control, format, private or unassigned character, and no space but the plain one.
  const good = typeof value === 'string' && value !== '' && utf8(value).length <= MAX_NAME && /^(?: |[^\p{C}\p{Z}])*$/u.test(value)
  if (!good) throw new Malformed(`${field}: not 1 to ${MAX_NAME} bytes of printable text`)
  return value
}

// A frame's place in its gateway's stream.
function readPlace(value) {
  if (!Array.isArray(value) || value.length !== 5) throw new Malformed('frame: not [epoch, sequence, previous, beacon, mode]')
  const [epoch, sequence, previous, beacon, mode] = value
  if (!isCount(epoch) || !isCount(sequence)) throw new Malformed('frame: epoch and sequence are not unsigned integers below 2^63')
  if (previous !== null && !isBytes(previous, 32)) throw new Malformed('frame: previous is not a hash of 32 bytes')
  if (beacon !== null && !(Array.isArray(beacon) && beacon.length === 2 && isCount(beacon[0]) && isBytes(beacon[1], 32))) {
    throw new Malformed('frame: beacon is not [block number, block hash]')
  }
  if (!records.MODES.includes(mode)) throw new Malformed(`frame: mode is none of ${records.MODES.join(', ')}`)
  return { epoch, sequence }
}

export const signatureVerifies = (statement, key) =>
  key.algorithm === statement.algorithm && verifies(key, statement.signature, statement.signed)

// Reads what the statement's body says into `content`; raises unless it is what was signed. Of a frame, only the
// hash of its body is looked at: a page does not meter.
export function readBody(statement, key) {
  const { body, disclosures } = statement.item
  if (!equal(sha256(body), statement.payload)) throw new Malformed('body: its SHA-256 is not the one that was signed')
  const disclosed = ({ JWT_TYPE, WITHHELD }) => readDisclosed(body, disclosures, key, statement.issuer, JWT_TYPE, WITHHELD)
  if (statement.kind === PLAN) statement.content = readPlan(body)
  if (statement.kind === STAGE) statement.content = readStage(body)
  if (statement.kind === CORRECTION) statement.content = readCorrection(body)
  if (statement.kind === OPINION) statement.content = readOpinion(body)
  if (statement.kind === FACTORS) statement.content = readFactors(body)
  if (statement.kind === PERIOD) statement.content = readPeriod(body)
  if (statement.kind === CANCELLATION) statement.content = readCancellation(body)
  if (LABELLING.includes(statement.kind)) statement.content = readLabelling(body, statement.kind)
  if (CLASSIFYING.includes(statement.kind)) statement.content = readClassifying(body, statement.kind)
  if (statement.kind === RECORD) statement.content = records.readRecord(disclosed(records))
  if (statement.kind === FOOTPRINT) statement.content = footprints.readFootprint(disclosed(footprints))
  if (statement.kind === DECLARED) statement.content = declared.readDeclared(disclosed(declared))
}
