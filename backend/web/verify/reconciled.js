// SPDX-License-Identifier: Apache-2.0
// Check 7 on an energy period, as leafproof/verification/reconciled.py has it: do main meter, sub-meters and invoices
// agree, within what the metering plan allows?
import { allowed, invoiced, within } from './period.js'
import { decimal, plain } from './rational.js'
import { PASS, WARNING } from './report.js'

export function* reconciled(period, plan) {
  for (const { point, tolerance } of plan.points.filter((one) => one.tolerance !== null)) {
    const one = period.meters.find((stated) => stated.point === point)
    if (!one) {
      yield [WARNING, 'unreconciled', { point }]
      continue
    }
    const good = within(one, tolerance)
    const params = { point, metered: one.metered, parts: one.sub_meters, unit: one.unit, difference: plain(one.metered, one.sub_meters), tolerance }
    yield [good ? PASS : WARNING, good ? 'reconciled' : 'meters-differ', params]
  }
  for (const [balance, sum] of invoiced(period)) {
    const { carrier, metered, unit } = balance
    const apart = decimal(metered, 'metered').minus(decimal(sum, 'invoiced'))
    const good = apart.magnitude().compare(allowed(plan, balance)) <= 0
    yield [good ? PASS : WARNING, good ? 'invoice-agrees' : 'invoice-differs', { carrier, metered, invoiced: sum, unit, difference: plain(metered, sum) }]
  }
}
