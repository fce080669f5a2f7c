// SPDX-License-Identifier: Apache-2.0
// Home scrap, as leafproof/looped.py reads it: without burden, and no more than the record's own waste.
import { Malformed } from './encoding.js'
import { sum } from './rational.js'
import { amountOf, namedOf } from './record.js'

export const HOME_SCRAP = 'home-scrap'

const tonnes = (lines) => sum(lines.map((line) => amountOf(line).to('t')))

// The record's lines of home scrap.
export function looped({ inputs, outputs }) {
  const lines = inputs.filter(({ material }) => material === HOME_SCRAP)
  if (lines.some(namedOf)) throw new Malformed('inputs: home scrap is no lot')
  if (tonnes(lines).compare(tonnes(outputs.filter(({ role }) => role === 'waste'))) > 0) {
    throw new Malformed('inputs: more home scrap goes in than the run gives off as waste')
  }
  return lines
}
