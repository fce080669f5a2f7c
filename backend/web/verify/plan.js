// SPDX-License-Identifier: Apache-2.0
// The metering plan, as leafproof/metering.py reads and checks it.
import { bodyContent } from './disclosure.js'
import { Malformed } from './encoding.js'
import { decimal } from './rational.js'
import { convert, list, oneOf, orNull, struct, text, whole } from './shape.js'
import { checkPrintable } from './texts.js'
import { scale } from './units.js'
import { checkZone, digest, gln, pointName, utcSeconds } from './values.js'

const DAY = 86400
const MAX_POINTS = 4096

const point = struct({
  point: text, line: orNull(text), carrier: oneOf('electricity'), kind: oneOf('interval', 'register'),
  names: oneOf('end', 'start'), interval_seconds: whole, unit: text, resolution: text, gateway: text,
  parent: orNull(text), meter: text, accuracy_class: text, heartbeat_seconds: whole,
})
const shape = struct({ facility: text, zone: text, version: whole, valid_from: text, points: list(point) })

export function readPlan(body) {
  const plan = convert(bodyContent(body), shape, 'metering plan')
  checkPrintable(plan)
  gln(plan.facility, 'facility')
  checkZone(plan.zone)
  plan.validFrom = utcSeconds(plan.valid_from, 'valid_from')
  if (!plan.points.length || plan.points.length > MAX_POINTS) throw new Malformed(`points: 1 to ${MAX_POINTS} are allowed`)
  const named = new Map(plan.points.map((one) => [one.point, one]))
  if (named.size !== plan.points.length) throw new Malformed('points: one name is given twice')
  for (const one of plan.points) checkPoint(one, named)
  for (const one of plan.points) checkNesting(one, named)
  return plan
}

function checkPoint(one, named) {
  pointName(one.point)
  digest(one.gateway, 'points.gateway')
  scale(one.unit, 'kWh')
  decimal(one.resolution, 'points.resolution')
  if (one.interval_seconds < 1 || one.interval_seconds > DAY || DAY % Number(one.interval_seconds)) {
    throw new Malformed('points.interval_seconds: not a whole part of a day')
  }
  if (one.parent !== null && !named.has(one.parent)) throw new Malformed(`points.parent: ${one.parent} is no point of this plan`)
}

// A point that meters a part of another line's point would be counted twice.
function checkNesting(one, named) {
  let above = one.parent
  for (let steps = 0; steps < named.size && above !== null; steps++) {
    const parent = named.get(above)
    if (one.line !== null && parent.line !== null) {
      throw new Malformed(`points.line: ${one.point} is metered by ${parent.point} as well, and both are on a line`)
    }
    above = parent.parent
  }
  if (above !== null) throw new Malformed(`points.parent: ${one.point} hangs on itself`)
}
