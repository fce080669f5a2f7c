// SPDX-License-Identifier: Apache-2.0
// Texts that others signed: what of them may reach a page, as leafproof/texts.py has it. Letters of every script, and
// spaces, pass; Persian and Indic spelling needs the joiners.
import { Malformed } from './encoding.js'

const CANNOT_SHOW = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

// `text`, each character that cannot be shown replaced by U+FFFD.
export const printable = (text) => text.replace(CANNOT_SHOW, '\ufffd')

// Sorts texts by code points, as Python does: JavaScript's own order is that of UTF-16 units, in which all that is
// beyond U+FFFF comes before U+E000.
export function byCodePoint(a, b) {
  const [left, right] = [[...a], [...b]]
  const i = left.findIndex((one, at) => one !== right[at])
  if (i < 0) return left.length - right.length
  return i < right.length ? left[i].codePointAt(0) - right[i].codePointAt(0) : 1
}

// Raises `Malformed` naming the first member of a statement that has a character which cannot be shown.
export function checkPrintable(statement) {
  for (const [name, value] of Object.entries(statement)) check(value, name)
}

function check(value, field) {
  if (typeof value === 'string' && printable(value) !== value) {
    throw new Malformed(`${field}: has a character that cannot be shown (a control character, or half of one)`)
  }
  if (Array.isArray(value)) for (const part of value) check(part, field)
  else if (value?.constructor === Object) for (const [name, part] of Object.entries(value)) check(part, `${field}.${name}`)
}
