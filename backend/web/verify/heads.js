// SPDX-License-Identifier: Apache-2.0
// Which statements of a bundle stand, by the rules of leafproof/verification/heads.py: only its own supersedes a
// statement, one by the same maker, about the same thing.
import { lotOf } from './footprint.js'
import { FAIL } from './report.js'

const keyed = (about) => (reading, statement) => JSON.stringify([reading.maker(statement), ...about(statement.content)])

export const placeOfFootprint = keyed((stated) => [lotOf(stated), stated.profile.id])
const placeOfDeclared = keyed(({ gtin, facility, method }) => [gtin, facility, method])
const placeOfStage = keyed(({ of, stage, name }) => [of, stage, name])
const placeOfOpinion = keyed(({ declared }) => [declared])

// By place, those that none of it supersedes, in the order of the log.
function standing(reading, said, placeOf) {
  const inOrder = [...said.values()].sort((a, b) => (a.index < b.index ? -1 : a.index > b.index ? 1 : 0))
  const placed = inOrder.map((statement) => [placeOf(reading, statement), statement])
  const superseded = new Set(placed.map(([place, { content }]) => `${content.supersedes} ${place}`))
  const found = new Map()
  for (const [place, statement] of placed) {
    if (!superseded.has(`${statement.id} ${place}`)) found.set(place, [...(found.get(place) ?? []), statement])
  }
  return found
}

export const standingFootprints = (reading) => standing(reading, reading.footprints, placeOfFootprint)
export const standingDeclared = (reading) => standing(reading, reading.declared, placeOfDeclared)
export const standingStages = (reading) => standing(reading, reading.stages, placeOfStage)
export const standingOpinions = (reading) => standing(reading, reading.opinions, placeOfOpinion)

// Whether a newer footprint of the very same record takes its place. One of another record need not: until the chain
// points there, the lot's word is the older record's.
export function isReplaced(reading, statement) {
  const replaces = (other) =>
    other.content.supersedes === statement.id && other.content.record === statement.content.record &&
    placeOfFootprint(reading, other) === placeOfFootprint(reading, statement)
  return [...reading.footprints.values()].some(replaces)
}

// 6: each names one of its own, or one that is not here.
export function checkHeads(reading) {
  const { footprints, declared, stages } = reading
  for (const [said, placeOf] of [[footprints, placeOfFootprint], [declared, placeOfDeclared], [stages, placeOfStage]]) {
    for (const statement of said.values()) {
      const { supersedes } = statement.content
      const before = said.get(supersedes)
      const own = before && placeOf(reading, before) === placeOf(reading, statement)
      if (!own && reading.isRead(supersedes)) reading.report[6].add(FAIL, 'supersedes-elsewhere', statement.label)
    }
  }
}
