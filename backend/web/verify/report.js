// SPDX-License-Identifier: Apache-2.0
// What was found: eleven numbered checks, as leafproof/verification/report.py has them.
import { Malformed } from './encoding.js'
import { printable } from './texts.js'

const CHECKS = 11
export const [PASS, WARNING, NOT_CHECKED, PENDING, FAIL] = ['pass', 'warning', 'not checked', 'not yet anchored', 'fail']
export const WEIGHT = [PASS, WARNING, NOT_CHECKED, PENDING, FAIL]

export const reasonOf = (error) => (error instanceof Malformed ? error.message : 'cannot be read')

class Check {
  findings = []

  // Subject and params may quote what others signed: only what can be shown is kept.
  add(status, code, subject = '', params = {}) {
    const shown = Object.entries(params).map(([name, value]) => [name, typeof value === 'string' ? printable(value) : value])
    this.findings.push({ status, code, subject: printable(subject), params: Object.fromEntries(shown) })
  }

  // Does `work`; whatever hostile bytes raise is a finding: nothing may stop the checks behind it.
  attempt(code, subject, work) {
    try {
      return work()
    } catch (error) {
      this.add(FAIL, code, subject, { reason: reasonOf(error) })
      return undefined
    }
  }

  // That of its weightiest finding; a check that found nothing has checked nothing.
  get status() {
    const weights = this.findings.map((finding) => WEIGHT.indexOf(finding.status))
    return weights.length ? WEIGHT[weights.reduce((a, b) => Math.max(a, b))] : NOT_CHECKED
  }
}

export const newReport = () => Array.from({ length: CHECKS }, () => new Check())
