// SPDX-License-Identifier: Apache-2.0
// Check 10, as far as it is about certificates, by the rules of leafproof/verification/certificates.py.
import { unfit } from './certificate.js'
import { lotId } from './fold.js'
import { lotOf } from './footprint.js'
import { FAIL, NOT_CHECKED, PASS, WARNING } from './report.js'
import { localDate, partyUri, speaksFor } from './values.js'

// 10: claims of certificates' serials for each lot.
export function checkClaims(reading) {
  const check = reading.report[10]
  const counting = [...reading.footprints.values()].filter(({ content }) => content.certificates.length)
  if (!reading.chain) {
    if (reading.cancellations.size || counting.length) check.add(NOT_CHECKED, 'withheld-chain', '', { reason: reading.noChain })
    return
  }
  const lots = new Map()
  for (const record of reading.lots()) {
    const onChain = reading.onChain(record)
    if (onChain) lots.set(onChain.id, record)
  }
  for (const printed of counting) counted(reading, printed)
  const told = new Set()
  for (const claim of reading.chain.claims) {
    if (!lots.has(claim.subject)) continue
    told.add(claim.cancellation)
    ofClaim(reading, claim, lots.get(claim.subject))
  }
  for (const id of [...reading.cancellations.keys()].filter((one) => !told.has(one)).sort()) {
    const { label, content } = reading.cancellations.get(id)
    check.add(WARNING, 'claim-missing', label, { first: content.first, last: content.last, registry: content.registry })
  }
}

// Whether the chain holds for the lot what its footprint counts: no more, and nothing of others.
function counted(reading, printed) {
  const [{ operator } = {}, of] = [reading.key(printed) ?? {}, lotOf(printed.content)]
  const subject = operator ? lotId(operator, of) : null
  const standing = reading.chain.claims.filter((one) => one.subject === subject && !one.rejected)
  for (const { cancellation, first, last } of printed.content.certificates) {
    const held = standing.some((one) => one.cancellation === cancellation && `${one.first} ${one.last}` === `${first} ${last}`)
    const params = { first, last, profile: printed.content.profile.id }
    reading.report[10].add(held ? PASS : FAIL, held ? 'claim-counted' : 'claim-lacking', of, params)
  }
}

function ofClaim(reading, claim, record) {
  const [check, { of: lot }] = [reading.report[10], record.content]
  const serials = { first: claim.first, last: claim.last }
  if (claim.rejected) {
    check.add(FAIL, 'claim-rejected', lot, serials)
    return
  }
  const stated = reading.cancellations.get(claim.cancellation)
  const [key, signer] = [reading.key(record), stated ? reading.key(stated) : null]
  const operator = key && reading.chain.operators.get(key.operator)?.at(-1)
  if (!operator || !signer) {
    check.add(FAIL, 'claim-unstated', lot, serials)
    return
  }
  const printed = newestFootprint(reading, claim, record)
  const used = countriesOf(reading, record)
  const before = check.findings.length
  judge(check, claim, stated.content, signer.operator, { maker: key.operator, identifier: operator.identifier, record, used })
  named(reading, claim, record, printed)
  const good = check.findings.slice(before).every(({ status }) => status !== FAIL)
  if (!used.size) check.add(NOT_CHECKED, 'withheld', lot)
  if (good) claimed(check, claim, stated.content, lot)
  word(reading, claim, stated.content, lot)
}

function judge(check, claim, stated, signer, { maker, identifier, record, used }) {
  const { of: lot, facility, zone, window } = record.content
  const fault = (code, params) => check.add(FAIL, code, lot, params)
  const [first, last] = stated.serials
  if (claim.registry !== stated.registryId || claim.first < first || claim.last > last) {
    fault('claim-serials', { first: claim.first, last: claim.last })
  }
  const strangers = new Set([claim.operator, signer].filter((operator) => operator !== maker))
  for (const operator of [...strangers].sort()) fault('claim-foreign', { operator: '0x' + operator })
  if (!speaksFor(identifier, partyUri(stated.beneficiary))) {
    fault('claim-beneficiary', { beneficiary: stated.beneficiary, maker: identifier })
  }
  const [opened, closed] = window.map((moment) => localDate(moment, zone))
  for (const [code, params] of unfit(stated, { facility, opened, closed, used })) fault(code, params)
}

// The countries of the plant's electricity, by all of its maker's newest footprints that are here.
function countriesOf(reading, record) {
  const newest = new Map()
  const inOrder = [...reading.footprints.values()].sort((a, b) => (a.index < b.index ? -1 : a.index > b.index ? 1 : 0))
  for (const one of inOrder) {
    const { facility, profile, region } = one.content
    if (facility !== record.content.facility || reading.maker(one) !== reading.maker(record)) continue
    newest.set(`${lotOf(one.content)} ${profile.id}`, region.split('-')[0])
  }
  return new Set(newest.values())
}

// The lot's newest footprint in the bundle, by the maker of its record and the profile of the one that the claim names;
// by any profile, where that one is not here.
function newestFootprint(reading, claim, record) {
  const ofLot = footprintsOf(reading, record).filter((one) => reading.maker(one) === reading.maker(record))
  const profile = ofLot.find(({ id }) => id === claim.footprints.at(-1))?.content.profile.id
  const ofProfile = ofLot.filter(({ content }) => !profile || content.profile.id === profile)
  return ofProfile.reduce((newest, one) => (newest && newest.index >= one.index ? newest : one), null)
}

const footprintsOf = (reading, record) =>
  [...reading.footprints.values()].filter(({ content }) => lotOf(content) === record.content.of)

// The footprint that the claim names is the lot's newest, or one before it; one that is not here accuses nobody, for
// a bundle has the newest ones only.
function named(reading, claim, record, printed) {
  const id = claim.footprints.at(-1) ?? ''
  if (printed && id === printed.id) return
  const older = footprintsOf(reading, record).some((one) => one.id === id || one.content.supersedes === id)
  const another = !older && (!id || reading.isRead(id))
  const serials = { first: claim.first, last: claim.last }
  reading.report[10].add(another ? FAIL : WARNING, older ? 'claim-older' : 'claim-footprint', record.content.of, serials)
}

function claimed(check, claim, { kind, registry, wh_per_serial: each, source, country }, lot) {
  const wh = (claim.last - claim.first + 1n) * BigInt(each)
  check.add(PASS, 'claimed', lot, { kind, registry, first: claim.first, last: claim.last, wh, source, country })
}

// Whether the registry itself says so, by somebody whom the reader trusts.
function word(reading, claim, { registry }, lot) {
  const registrar = claim.attested && '0x' + claim.attested
  if (registrar && reading.trust.registrars.includes(registrar)) {
    reading.report[10].add(PASS, 'claim-attested', lot, { registrar, registry })
  } else reading.report[10].add(WARNING, 'claim-not-exclusive', lot, { registry })
}
