// SPDX-License-Identifier: Apache-2.0
// Strict reading of what statements say, as leafproof/structs.py does it: known members, known types, nothing else.
// A shape takes a value and where it stands, and gives it back or raises `Malformed`.
import { isWhole, Malformed } from './encoding.js'
import { Float } from './json.js'

function kindOf(value) {
  if (value === null) return 'null'
  if (typeof value === 'string') return 'str'
  if (typeof value === 'boolean') return 'bool'
  if (value instanceof Uint8Array) return 'bytes'
  if (value instanceof Float) return 'float'
  if (Array.isArray(value)) return 'array'
  return isWhole(value) ? 'int' : 'object'
}

const at = (place) => (place === '$' ? '' : ` - at \`${place}\``)
const expected = (kind, value, place) => new Malformed(`Expected \`${kind}\`, got \`${kindOf(value)}\`${at(place)}`)

const MAX_DIFFERENCE = 300 // characters of a member that differs
const told = (value) => (typeof value === 'string' ? value : JSON.stringify(value))

// Those of the members named in which two statements of one kind differ: `part`, `stated`, `computed`.
export function differences(names, stated, computed) {
  const pairs = names.map((part) => ({ part, stated: told(stated[part]), computed: told(computed[part]) }))
  const differing = pairs.filter((one) => one.stated !== one.computed)
  return differing.map(({ part, ...both }) => ({ part, stated: both.stated.slice(0, MAX_DIFFERENCE), computed: both.computed.slice(0, MAX_DIFFERENCE) }))
}

export function text(value, place) {
  if (typeof value !== 'string') throw expected('str', value, place)
  return value
}

export function whole(value, place) {
  if (!isWhole(value)) throw expected('int', value, place)
  return value
}

export function flag(value, place) {
  if (typeof value !== 'boolean') throw expected('bool', value, place)
  return value
}

export const oneOf = (...words) => (value, place) => {
  if (!words.includes(text(value, place))) throw new Malformed(`Invalid enum value '${value.slice(0, 40)}'${at(place)}`)
  return value
}

export const exactly = (number) => (value, place) => {
  if (whole(value, place) !== number) throw new Malformed(`Invalid enum value ${value}${at(place)}`)
  return value
}

export const orNull = (shape) => (value, place) => (value === null ? null : shape(value, place))

export const list = (shape) => (value, place) => {
  if (!Array.isArray(value)) throw expected('array', value, place)
  return value.map((one, i) => shape(one, `${place}[${i}]`))
}

export const pair = (shape) => (value, place) => {
  const found = list(shape)(value, place)
  if (found.length !== 2) throw new Malformed(`Expected \`array\` of length 2, got ${found.length}${at(place)}`)
  return found
}

// Values by any name.
export const named = (shape) => (value, place) => {
  if (!(value instanceof Map)) throw expected('object', value, place)
  return Object.fromEntries([...value].map(([name, one]) => [text(name, place), shape(one, `${place}[...]`)]))
}

// A member that may be left out, and then is `otherwise`; null it is never.
export const orElse = (shape, otherwise) => Object.assign((value, place) => shape(value, place), { otherwise })

// An object whose members are those of `required`, and perhaps some of `optional`, which else are null, or what
// `orElse` says.
export const struct = (required, optional = {}) => {
  const members = { ...required, ...optional }
  return (value, place = '$') => {
    if (!(value instanceof Map)) throw expected('object', value, place)
    const found = Object.fromEntries(Object.entries(members).map(([name, shape]) => [name, shape.otherwise ?? null]))
    for (const [name, one] of value) {
      if (!Object.hasOwn(members, name)) throw new Malformed(`Object contains unknown field \`${String(name).slice(0, 80)}\`${at(place)}`)
      found[name] = members[name](one, `${place}.${name}`)
    }
    for (const name of Object.keys(required)) {
      if (!value.has(name)) throw new Malformed(`Object missing required field \`${name}\`${at(place)}`)
    }
    return found
  }
}

// What `shape` makes of `value`; what it raises names `field`.
export function convert(value, shape, field) {
  try {
    return shape(value, '$')
  } catch (error) {
    throw new Malformed(`${field}: ${error.message}`)
  }
}
