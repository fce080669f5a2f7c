// SPDX-License-Identifier: Apache-2.0
// Versions of the living list, from the events of Classification, as leafproof/chain/labels.py folds them. A moment is
// the event itself, whose block's `time` the reader of the chain has put there.
import { Malformed } from './encoding.js'

const ADOPTION_GRACE = 3600 // seconds from a version's adoption in which a maker's server may not know of it yet

function require(condition, otherwise) {
  if (!condition) throw new Malformed(otherwise)
}

export class ListVersions {
  versions = []
  #proposals = new Set()

  // The version in force at a moment; undefined before the first.
  inForce(moment) {
    return this.versions.filter(({ from }) => from <= moment).at(-1)
  }

  // The versions by which a lot may be classified at a moment: the one in force, and any before it whose next one was
  // adopted less than `ADOPTION_GRACE` ago.
  standing(moment) {
    const end = (later) => (later ? Math.max(later.from, later.time + ADOPTION_GRACE) : Infinity)
    return this.versions.filter(({ from }, i) => from <= moment && moment < end(this.versions[i + 1]))
  }

  proposed(_, content) {
    require(!this.#proposals.has(content), 'the content was proposed before')
    require(this.versions.every((one) => one.content !== content), 'the content was adopted before')
    this.#proposals.add(content)
  }

  refused(_, content) {
    require(this.#proposals.delete(content), 'the content was never proposed')
  }

  adopted(moment, version, content, inForceFrom) {
    require(this.#proposals.delete(content), 'the content was never proposed')
    require(Number(version) === this.versions.length + 1, 'a version of the list was left out')
    const [from, last] = [Number(inForceFrom), this.versions.at(-1)]
    require(from >= moment.time && (!last || from > last.from), 'in force before it may be')
    this.versions.push({ version: Number(version), content, from, time: moment.time })
  }
}

const of = ListVersions.prototype
export const LIST_HANDLERS = { Proposed: of.proposed, Refused: of.refused, Adopted: of.adopted }
export const LIST_EVENTS = Object.keys(LIST_HANDLERS)
