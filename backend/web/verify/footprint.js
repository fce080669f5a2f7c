// SPDX-License-Identifier: Apache-2.0
// The footprint statement, as leafproof/footprint.py reads and checks it.
import { serial } from './certificate.js'
import { Malformed } from './encoding.js'
import { CATEGORIES } from './profile.js'
import { decimal, exactText, Fraction, sum, ZERO } from './rational.js'
import { convert, flag, list, oneOf, orElse, orNull, struct, text } from './shape.js'
import { checkPrintable } from './texts.js'
import { digest, lot } from './values.js'

const MAX_CERTIFICATES = 1000 // ranges of serials
const ONE = new Fraction(1n)
export const WITHHELD = ['components', 'prices']
export const JWT_TYPE = 'leafproof-footprint+sd-jwt'

const stage = oneOf('raw material', 'production')
const kind = oneOf('primary', 'secondary', 'supplier')
const category = oneOf(...CATEGORIES)
const ref = struct({ set: text, id: text })
const component = struct(
  { stage, name: text, subject: text, kind, quantity: text, unit: text, emissions: text },
  { factors: orElse(list(ref), []), footprint: orNull(text), overhead: orElse(flag, false),
    estimated: orElse(flag, false) },
)
const price = struct({ output: text, value: text, currency: text, source: text })
const allocation = struct(
  {},
  {
    method: orElse(oneOf('none', 'mass', 'economic'), 'none'), reason: orElse(text, ''),
    subdivided: orElse(list(struct({ point: text, output: text })), []),
    shares: orElse(list(struct({ output: text, share: text })), []),
  },
)
const exempted = struct({}, { percent: orElse(text, '0'), reason: orElse(text, '') })
const product = struct(
  {},
  { cn_code: orNull(text), process: orNull(text), model: orNull(text), service_life_kwh_per_tonne: orNull(text) },
)
const shape = struct(
  {
    gtin: text, lot: text, facility: text, region: text, record: text,
    profile: struct({ id: text, version: text, sha256: text }), per_tonne: text,
    stages: list(struct({ stage, kind, emissions: text })),
    categories: list(struct({ category, emissions: text, counted: flag })),
    masses: list(struct({ category, gas: text, kg: text })),
    primary_data_share: text, allocation, exempted, excluded: list(text), flags: list(text),
    status: oneOf('provisional', 'final'),
  },
  {
    quality: orNull(struct({ technological: text, geographical: text, temporal: text })), product: orNull(product),
    functional: orNull(struct({ unit: text, emissions: text })), period: orNull(text),
    certificates: orElse(list(struct({ cancellation: text, first: text, last: text })), []), supersedes: orNull(text),
    prices: orNull(list(price)), components: orNull(list(component)),
  },
)

export const PLACES = 3 // kg CO2e per tonne
export const SHARE_PLACES = 4 // of primary data
export const MEMBERS = [
  'gtin', 'lot', 'facility', 'region', 'record', 'profile', 'per_tonne', 'stages', 'categories', 'masses',
  'primary_data_share', 'allocation', 'exempted', 'excluded', 'flags', 'status', 'quality', 'product', 'functional',
  'period', 'certificates', 'supersedes', 'prices', 'components',
]

export const lotOf = (footprint) => lot(footprint.gtin, footprint.lot)

export function readFootprint(members) {
  const footprint = convert(members, shape, 'footprint')
  checkPrintable(footprint)
  lotOf(footprint)
  digest(footprint.record, 'record')
  digest(footprint.profile.sha256, 'profile.sha256')
  decimal(footprint.per_tonne, 'per_tonne')
  decimal(footprint.primary_data_share, 'primary_data_share')
  for (const { emissions } of footprint.stages) decimal(emissions, 'stages.emissions')
  for (const { emissions } of footprint.categories) decimal(emissions, 'categories.emissions')
  for (const { kg } of footprint.masses) decimal(kg, 'masses.kg')
  for (const { share } of footprint.allocation.shares) decimal(share, 'allocation.shares')
  if (footprint.functional) decimal(footprint.functional.emissions, 'functional.emissions')
  for (const rating of Object.values(footprint.quality ?? {})) decimal(rating, 'quality')
  for (const { emissions } of footprint.components ?? []) decimal(emissions, 'components.emissions')
  if (footprint.period !== null) digest(footprint.period, 'period')
  if (footprint.certificates.length > MAX_CERTIFICATES) throw new Malformed(`certificates: more than ${MAX_CERTIFICATES}`)
  for (const { cancellation, first, last } of footprint.certificates) {
    digest(cancellation, 'certificates.cancellation')
    serial(first, 'certificates.first')
    serial(last, 'certificates.last')
  }
  return footprint
}

// Where a footprint contradicts itself, whatever is withheld of it: [member, stated, expected].
export function contradictions({ per_tonne: perTonne, stages, categories, primary_data_share: share }) {
  const total = decimal(perTonne, 'per_tonne')
  const sums = [stages, categories.filter(({ counted }) => counted)].map((parts) => sum(parts.map(({ emissions }) => decimal(emissions, 'emissions'))))
  const found = sums.filter((one) => one.compare(total) !== 0).map((one) => ['per_tonne', perTonne, exactText(one)])
  const named = categories.map(({ category: name }) => name).join(', ')
  if (named !== CATEGORIES.join(', ')) found.push(['categories', named, CATEGORIES.join(', ')])
  const stated = decimal(share, 'primary_data_share')
  if (stated.compare(ZERO) < 0 || stated.compare(ONE) > 0) found.push(['primary_data_share', share, '0 to 1'])
  return found
}

// The sets that the components' factors are of.
export const setsUsed = (footprint) => (footprint.components ?? []).flatMap(({ factors }) => factors.map(({ set }) => set))

// What the issuer chose, as the statement names it: factors and input lots' footprints, by subject.
export function choicesOf(footprint) {
  const [factors, parents] = [new Map(), new Map()]
  for (const one of footprint.components ?? []) {
    const known = factors.get(one.subject)
    if (one.factors.length && known && JSON.stringify(known) !== JSON.stringify(one.factors)) {
      throw new Malformed(`components: ${one.subject}: two factors for one thing`)
    }
    if (one.factors.length) factors.set(one.subject, one.factors)
    if (one.footprint && (parents.get(one.subject) ?? one.footprint) !== one.footprint) {
      throw new Malformed(`components: ${one.subject}: two footprints of one lot`)
    }
    if (one.footprint) parents.set(one.subject, one.footprint)
  }
  const { region, exempted: cut, product: facts, period, certificates, prices } = footprint
  const { method, reason, subdivided } = footprint.allocation
  const allocated = { method, reason, prices: prices ?? [], subdivided }
  return { region, factors, parents, allocation: allocated, exempted: cut, product: facts, period, certificates }
}
