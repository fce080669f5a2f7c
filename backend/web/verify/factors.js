// SPDX-License-Identifier: Apache-2.0
// Emission factors, as leafproof/factors.py reads and checks them.
import { bodyContent } from './disclosure.js'
import { Malformed } from './encoding.js'
import { CATEGORIES } from './profile.js'
import { decimal, ZERO } from './rational.js'
import { convert, list, oneOf, orElse, orNull, struct, text, whole } from './shape.js'
import { checkPrintable } from './texts.js'

const MAX_FACTORS = 2000

const factor = struct(
  {
    id: text, name: text, name_zh: text, category: oneOf('electricity', 'fuel', 'heat', 'gas', 'material', 'freight'), subject: text,
    region: text, year: whole, value: text, unit: text, per: text, boundary: list(text), gases: list(text),
    gwp_set: orNull(text), kind: oneOf('primary', 'secondary'), source: text,
    source_class: oneOf('primary-source', 'secondary-source'),
  },
  {
    url: orNull(text), licence_note: orNull(text), note: orNull(text),
    flow: orElse(oneOf(...CATEGORIES), CATEGORIES[0]),
  },
)
const shape = struct({ id: text, version: text, title: text, factors: list(factor) })

// A factor set; `get` gives its factor of an id.
export function readFactors(body) {
  const set = convert(bodyContent(body), shape, 'factor set')
  checkPrintable(set)
  const { id, version, factors } = set
  if (!factors.length || factors.length > MAX_FACTORS) throw new Malformed(`factors: 1 to ${MAX_FACTORS} are allowed`)
  const named = new Map(factors.map((one) => [one.id, one]))
  if (named.size !== factors.length) throw new Malformed('factors: one id is given twice')
  for (const one of factors) {
    one.amount = decimal(one.value, `factors.${one.id}.value`)
    // What plants take up leaves the air; whatever else a factor counts goes into it.
    const sign = one.amount.compare(ZERO)
    if (one.flow === 'biogenic uptake' ? sign > 0 : sign < 0) throw new Malformed(`factors.${one.id}.value: of the wrong sign`)
  }
  const get = (wanted) => {
    if (!named.has(wanted)) throw new Malformed(`factor: '${wanted.slice(0, 80)}' is not in ${id} ${version}`)
    return named.get(wanted)
  }
  return { get }
}
