// SPDX-License-Identifier: Apache-2.0
// The supply tree of a bundle, by the rules of leafproof/verification/supply.py: a flat list, of so many records at
// most, in which no lot is made from itself.
import { choicesOf, lotOf } from './footprint.js'
import { parentOf } from './record.js'
import { FAIL, WARNING } from './report.js'
import { RECORD } from './statement.js'

export const MAX_RECORDS = 2000
const SHOWN = 20

export const tooMany = (statements) => statements.filter(({ kind }) => kind === RECORD).length > MAX_RECORDS

// 9: no lot is made from itself; the first path that comes back to its start is named.
export function checkCycle(reading) {
  const path = cycle(edgesOf(reading))
  if (!path) return
  const lots = path.map(({ lot }) => lot)
  const named = lots.length > SHOWN ? [...lots.slice(0, SHOWN / 2), '…', ...lots.slice(-SHOWN / 2)] : lots
  reading.report[9].add(FAIL, 'input-cycle', lots[0], { path: named.join(' <- ') })
}

// 9: a lot is not counted by a secondary factor while its footprint by the profile is here.
export function checkLeftAside(reading) {
  const printed = new Set([...reading.footprints.values()].map((one) => key(reading, one, lotOf(one.content), one.content)))
  const ofRecord = new Map()
  for (const { content } of reading.footprints.values()) {
    if (!ofRecord.has(content.record)) ofRecord.set(content.record, [])
    ofRecord.get(content.record).push(content)
  }
  for (const { id, content: record } of reading.used()) {
    const lines = (record.inputs ?? []).filter((line) => line.material !== null && parentOf(line))
    const cited = new Map(lines.map((line) => [parentOf(line), reading.footprints.get(line.footprint)]))
    for (const stated of cited.size ? (ofRecord.get(id) ?? []) : []) {
      if (lotOf(stated) !== record.of || !stated.components) continue
      const counted = choicesOf(stated).parents
      for (const [lot, by] of cited) {
        if (!by || counted.has(lot) || !printed.has(key(reading, by, lot, stated))) continue
        reading.report[9].add(WARNING, 'input-secondary', record.of, { lot, profile: stated.profile.id })
      }
    }
  }
}

const key = (reading, by, lot, { profile }) => JSON.stringify([reading.maker(by), lot, profile.id])

const nodeOf = (maker, lot) => ({ name: `${maker} ${lot}`, lot })

// From each lot to those that any of its records names as inputs, as far as their footprints are here.
function edgesOf(reading) {
  const found = new Map()
  for (const versions of reading.everyRecord()) {
    const lines = versions.flatMap(({ content }) => content.inputs ?? [])
    const edges = lines.map((line) => [reading.footprints.get(line.footprint), parentOf(line)])
    const { name, lot } = nodeOf(reading.maker(versions[0]), versions[0].content.of)
    const below = edges.filter(([printed, parent]) => printed && parent)
    found.set(name, { lot, edges: below.map(([printed, parent]) => nodeOf(reading.maker(printed), parent)) })
  }
  return found
}

// The first cycle that is met, from the lot at which it closes back to that lot. Without recursion: a tree may be
// deeper than a program's stack.
function cycle(found) {
  const done = new Set()
  for (const [start, { lot }] of found) {
    if (done.has(start)) continue
    const path = [step(found, { name: start, lot })]
    const places = new Map([[start, 0]])
    while (path.length) {
      const { node, edges } = path.at(-1)
      const below = edges.next().value
      if (!below) {
        done.add(node.name)
        places.delete(node.name)
        path.pop()
      } else if (places.has(below.name)) {
        return [...path.slice(places.get(below.name)).map((one) => one.node), below]
      } else if (!done.has(below.name)) {
        places.set(below.name, path.length)
        path.push(step(found, below))
      }
    }
  }
  return null
}

const step = (found, node) => ({ node, edges: (found.get(node.name)?.edges ?? []).values() })
