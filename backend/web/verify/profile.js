// SPDX-License-Identifier: Apache-2.0
// Method profiles and global warming potentials: the very files of leafproof/profiles and leafproof/gwp, found by the
// SHA-256 that footprints name.
import { sha256 } from '@noble/hashes/sha2.js'
import gwp from '../../../leafproof/gwp/ipcc-gwp100.json'
import cbamSteel from '../../../leafproof/profiles/cbam-steel.1.json'
import euBattery from '../../../leafproof/profiles/eu-battery-2023.1.json'
import gbt24067 from '../../../leafproof/profiles/gbt-24067-2024.1.json'
import isoMarket from '../../../leafproof/profiles/iso-14067-2018-market.1.json'
import iso14067 from '../../../leafproof/profiles/iso-14067-2018.1.json'
import partial from '../../../leafproof/profiles/leafproof-partial.2.json'
import pact3 from '../../../leafproof/profiles/pact-3.1.json'
import { hex, Malformed, utf8 } from './encoding.js'
import { decimal } from './rational.js'

const digest = (text) => hex(sha256(utf8(text)))
const SHIPPED = new Map([cbamSteel, euBattery, gbt24067, isoMarket, iso14067, partial, pact3].map((text) => [digest(text), JSON.parse(text)]))
const TABLE = digest(gwp)
const SETS = JSON.parse(gwp).sets
export const CATEGORIES = ['fossil', 'biogenic', 'biogenic uptake', 'land use', 'aircraft']

// The rules, by kind, of the profile that a footprint names.
export function namedProfile({ id, version, sha256: wanted }) {
  const found = SHIPPED.get(wanted)
  if (!found || found.id !== id || found.version !== version) {
    throw new Malformed(`profile: '${id.slice(0, 80)}' '${version.slice(0, 20)}' is not one that this version knows`)
  }
  const rules = Object.fromEntries(found.rules.filter(({ rule }) => rule !== 'note').map((rule) => [rule.rule, rule]))
  if (rules.gases.table !== TABLE) throw new Malformed('gwp: the table is not one that this version has')
  return rules
}

export function refuse(rule, what) {
  throw new Malformed(`${rule.id}: ${what} (${rule.source})`)
}

// kg CO2e per kg of a gas.
export function weight(gas, category, rule) {
  const fossil = category === 'fossil' || category === 'aircraft'
  const name = gas === 'CH4' ? `CH4 ${fossil ? 'fossil' : 'biogenic'}` : gas
  const set = SETS[rule.gwp_set]
  if (!Object.hasOwn(set, name)) throw new Malformed(`${rule.id}: ${rule.gwp_set} has no weight of '${gas.slice(0, 40)}'`)
  return decimal(set[name], rule.gwp_set)
}
