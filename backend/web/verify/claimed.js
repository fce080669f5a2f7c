// SPDX-License-Identifier: Apache-2.0
// Claims of cancelled serials, from the events of CertificateClaims, as leafproof/chain/certificates.py folds them.
import { Malformed } from './encoding.js'

const MAX_SERIAL = 2n ** 128n - 1n

function require(condition, otherwise) {
  if (!condition) throw new Malformed(otherwise)
}

export class Claims {
  all = [] // in order; what a registry rejected is kept, and stands no more
  #registries = new Set()
  #registrars = new Set()

  #standing(registry, first, subject) {
    const claim = this.all.find((one) => one.registry === registry && one.first === first && !one.rejected)
    require(claim, 'no such claim stands')
    require(claim.subject === subject, 'the claim is for another subject')
    return claim
  }

  admitted(registry) {
    require(!this.#registries.has(registry), 'the registry was admitted before')
    this.#registries.add(registry)
  }

  removed(registry) {
    require(this.#registries.delete(registry), 'no such registry was admitted')
  }

  appointed(registry, registrar) {
    require(!this.#registrars.has(registry + registrar), 'the registrar was appointed before')
    this.#registrars.add(registry + registrar)
  }

  dismissed(registry, registrar) {
    require(this.#registrars.delete(registry + registrar), 'no such registrar was appointed')
  }

  claimed(subject, registry, operator, first, last, cancellation) {
    require(this.#registries.has(registry), 'the registry was never admitted')
    require(first > 0n && first <= last && last <= MAX_SERIAL, 'no range of serials')
    const overlaps = (one) => one.registry === registry && !one.rejected && one.first <= last && first <= one.last
    require(!this.all.some(overlaps), 'serials are claimed twice')
    this.all.push({ subject, registry, operator, first, last, cancellation, footprints: [], attested: null, rejected: false })
  }

  named(subject, registry, version, first, footprint) {
    const { footprints } = this.#standing(registry, first, subject)
    require(Number(version) === footprints.length + 1, 'a version of the footprint was left out')
    footprints.push(footprint)
  }

  #spoken(subject, registry, registrar, first) {
    const claim = this.#standing(registry, first, subject)
    require(this.#registrars.has(registry + registrar), 'no registrar of the registry')
    return claim
  }

  attested(subject, registry, registrar, first) {
    const claim = this.#spoken(subject, registry, registrar, first)
    require(!claim.attested, 'the claim was attested before')
    claim.attested = registrar
  }

  rejected(subject, registry, registrar, first) {
    const claim = this.#spoken(subject, registry, registrar, first)
    require(!claim.attested, 'an attested claim is not rejected')
    claim.rejected = true
  }
}

const of = Claims.prototype
export const CLAIM_HANDLERS = {
  RegistryAdmitted: of.admitted,
  RegistryRemoved: of.removed,
  RegistrarAppointed: of.appointed,
  RegistrarDismissed: of.dismissed,
  Claimed: of.claimed,
  FootprintNamed: of.named,
  Attested: of.attested,
  Rejected: of.rejected,
}
export const REGISTRY_EVENTS = ['RegistryAdmitted', 'RegistryRemoved', 'RegistrarAppointed', 'RegistrarDismissed']
export const CLAIM_EVENTS = ['Claimed', 'FootprintNamed', 'Attested', 'Rejected']
