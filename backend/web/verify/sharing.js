// SPDX-License-Identifier: Apache-2.0
// How a run's burden is shared by product and co-products, as leafproof/sharing.py has it.
import { refuse } from './profile.js'
import { apportioned, decimal, Fraction, sum, ZERO } from './rational.js'
import { amountOf } from './record.js'

const SHARE_PLACES = 6
const ONE = new Fraction(1n)
const NOTHING = { method: 'none', reason: '', subdivided: [], shares: [] }

const tonnes = (output) => amountOf(output).to('t')

// `stated` with its shares, by these `prices`; `ofProduct(point)`, how much of a burden each tonne of product carries.
export function shared(record, chosen, rule) {
  const outputs = record.outputs.filter(({ role }) => role === 'product' || role === 'co-product')
  const products = outputs.filter(({ role }) => role === 'product')
  const mass = sum(products.map(tonnes))
  if (mass.compare(ZERO) <= 0) refuse(rule, 'the record has no product with a mass')
  if (products.length === outputs.length) return { stated: NOTHING, prices: [], ofProduct: () => ONE.over(mass) }
  if (new Set(outputs.map(({ name }) => name)).size !== outputs.length) {
    refuse(rule, 'two outputs have one name, and shares are stated by name')
  }
  const method = chosen.method === 'none' ? 'mass' : chosen.method
  if (!rule.methods.includes(method)) refuse(rule, `allocation by ${method} is not allowed`)
  byRatio(rule, method, outputs, chosen)
  const keys = method === 'economic' ? values(rule, outputs, chosen) : outputs.map(tonnes)
  const whole = sum(keys)
  const published = apportioned(keys.map((key) => key.over(whole)), SHARE_PLACES).parts
  const shares = outputs.map(({ name }, i) => ({ output: name, share: published[i] }))
  const part = sum(keys.filter((_, i) => outputs[i].role === 'product')).over(whole)
  const alone = servesAlone(rule, record, outputs, chosen)
  const { reason, prices, subdivided } = chosen
  return { stated: { method, reason, subdivided, shares }, prices, ofProduct: (point) => (alone.get(point) ?? part).over(mass) }
}

// Where prices are stated and the profile has a ratio, the ratio decides.
function byRatio(rule, method, outputs, chosen) {
  if (rule.value_ratio === null || !chosen.prices.length) return
  const sorted = pricesOf(rule, outputs, chosen).sort((a, b) => a.compare(b))
  const byValue = sorted.at(-1).over(sorted[0]).compare(decimal(rule.value_ratio, 'value_ratio')) > 0
  if (byValue !== (method === 'economic')) {
    refuse(rule, `by the prices stated, allocation is by ${byValue ? 'economic' : 'mass'}, not by ${method}`)
  }
}

// Tonnes times price of each output.
function values(rule, outputs, chosen) {
  if (!chosen.reason.trim()) refuse(rule, 'allocation by value needs a reason why not by mass')
  const prices = pricesOf(rule, outputs, chosen)
  const found = outputs.map((output, i) => tonnes(output).times(prices[i]))
  if (found.some((value) => value.compare(ZERO) <= 0)) refuse(rule, 'an output has no mass')
  return found
}

// Each output's price, in one currency: one that is left out would decide as much as one that is stated.
function pricesOf(rule, outputs, { prices }) {
  const priced = new Map(prices.map((price) => [price.output, price]))
  if (priced.size !== prices.length || priced.size !== outputs.length || !outputs.every(({ name }) => priced.has(name))) {
    refuse(rule, 'there must be one price for each product and co-product')
  }
  if (new Set(prices.map(({ currency }) => currency)).size !== 1) refuse(rule, 'prices are in more than one currency')
  const found = outputs.map(({ name }) => decimal(priced.get(name).value, 'prices'))
  if (found.some((value) => value.compare(ZERO) <= 0)) refuse(rule, 'a price is not positive')
  return found
}

// By metering point that serves one output: 1 for the product, 0 for a co-product.
function servesAlone(rule, record, outputs, { subdivided }) {
  if (subdivided.length && !rule.subdivision) refuse(rule, 'subdivision is not allowed')
  const roles = new Map(outputs.map(({ name, role }) => [name, role]))
  const metered = new Set(record.activity.map(({ point }) => point))
  const found = new Map()
  for (const { point, output } of subdivided) {
    if (!roles.has(output) || !metered.has(point) || found.has(point)) {
      refuse(rule, `${point} serves ${output}: no such point, or output, or it is said twice`)
    }
    found.set(point, roles.get(output) === 'product' ? ONE : ZERO)
  }
  return found
}
