// SPDX-License-Identifier: Apache-2.0
// JSON as the kernel takes it: a member that is given twice has no one value, and numbers that are not whole stay
// apart from those that are. JSON.parse keeps the last of two members and knows no integers.
import { Malformed } from './encoding.js'

const MAX_DEPTH = 100 // statements go five deep; a bomb would go on
const MAX_DIGITS = 4300 // what Python reads of one number
const TOKEN = /[\t\n\r ]*(?:([{}[\],:])|("[^"\\]*(?:\\.[^"\\]*)*")|(-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)|(true|false|null))[\t\n\r ]*/suy

// A number with a fraction or an exponent: no member of a statement is one.
export class Float {}

// Objects come as Maps.
export function parse(text, what) {
  const refuse = () => new Malformed(`${what}: not JSON, or a member twice`)
  let at = 0
  const next = () => {
    TOKEN.lastIndex = at
    const found = TOKEN.exec(text)
    if (!found) throw refuse()
    at = TOKEN.lastIndex
    return found
  }
  const value = (found, depth) => {
    const [, mark, string, digits, word] = found
    if (string !== undefined || word !== undefined) return scalar(string ?? word)
    if (digits !== undefined) return numeral(digits)
    if (depth === 0) throw refuse()
    if (mark === '[') return array(depth - 1)
    if (mark === '{') return object(depth - 1)
    throw refuse()
  }
  const scalar = (token) => {
    try {
      return JSON.parse(token)
    } catch {
      throw refuse()
    }
  }
  const numeral = (digits) => {
    scalar(digits)
    if (digits.length > MAX_DIGITS) throw refuse()
    if (!/^-?[0-9]+$/.test(digits)) return new Float()
    const small = Number(digits)
    return Number.isSafeInteger(small) ? small : BigInt(digits)
  }
  const array = (depth) => {
    const items = []
    let found = next()
    while (found[1] !== ']') {
      items.push(value(found, depth))
      found = after(']')
    }
    return items
  }
  const object = (depth) => {
    const members = new Map()
    let found = next()
    while (found[1] !== '}') {
      if (found[2] === undefined) throw refuse()
      const name = scalar(found[2])
      if (members.has(name) || next()[1] !== ':') throw refuse()
      members.set(name, value(next(), depth))
      found = after('}')
    }
    return members
  }
  // Behind an item stands the end, or a comma and another item.
  const after = (end) => {
    const found = next()
    if (found[1] === end) return found
    if (found[1] !== ',') throw refuse()
    const more = next()
    if (more[1] === end) throw refuse()
    return more
  }
  const whole = value(next(), MAX_DEPTH)
  if (at !== text.length) throw refuse()
  return whole
}

// JSON in UTF-8 bytes.
export function parseBytes(bytes, what) {
  let text
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new Malformed(`${what}: not UTF-8`)
  }
  return parse(text, what)
}
