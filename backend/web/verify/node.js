// SPDX-License-Identifier: Apache-2.0
// A chain node, asked by JSON-RPC: bounded in time, in bytes and in questions, for it may be anybody's.
import { Malformed } from './encoding.js'

const TIMEOUT = 15_000 // milliseconds for one answer
const PATIENCE = 60_000 // and for all
const MAX_ANSWER = 16 << 20 // bytes
const MAX_QUESTIONS = 200
const MAX_BATCH = 100 // calls in one question: below what public providers allow

// The chain cannot be read; the message says why to the reader.
export class Unreachable extends Error {
  constructor(message = 'the chain node does not answer this device') {
    super(message)
  }
}

// The node answered with an error: a question may be too large for it.
export class Refused extends Unreachable {}

export class Node {
  #url
  #end = performance.now() + PATIENCE
  #questions = 0

  constructor(url) {
    this.#url = url
  }

  async call(method, ...params) {
    return result(await this.#send({ jsonrpc: '2.0', id: 0, method, params }))
  }

  // The results of many calls of one method, in their order.
  async callMany(method, calls) {
    const results = []
    for (let start = 0; start < calls.length; start += MAX_BATCH) {
      const part = calls.slice(start, start + MAX_BATCH)
      const answers = await this.#send(part.map((params, id) => ({ jsonrpc: '2.0', id, method, params })))
      if (!Array.isArray(answers)) throw new Unreachable()
      results.push(...part.map((_, id) => result(answers.find((answer) => answer?.id === id))))
    }
    return results
  }

  async #send(question) {
    const left = this.#end - performance.now()
    this.#questions += 1
    if (left <= 0 || this.#questions > MAX_QUESTIONS) throw new Unreachable()
    try {
      const response = await fetch(this.#url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(question),
        credentials: 'omit',
        referrerPolicy: 'no-referrer',
        signal: AbortSignal.timeout(Math.min(TIMEOUT, left)),
      })
      return JSON.parse(await bounded(response))
    } catch {
      throw new Unreachable()
    }
  }
}

function result(answer) {
  if (answer?.error) throw new Refused()
  if (answer?.result === undefined) throw new Unreachable()
  return answer.result
}

async function bounded(response) {
  const reader = response.body.getReader()
  const decoder = new TextDecoder()
  let text = ''
  for (let size = 0; ; ) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    size += value.length
    if (size > MAX_ANSWER) {
      await reader.cancel()
      throw new Unreachable()
    }
    text += decoder.decode(value, { stream: true })
  }
}

// A number as JSON-RPC writes it; a page reads none beyond 2^53.
export function quantity(value, field) {
  const found = typeof value === 'string' && /^0x(?:0|[1-9a-f][0-9a-f]{0,15})$/i.test(value) ? Number(value) : NaN
  if (!Number.isSafeInteger(found)) throw new Malformed(`${field}: not a hexadecimal quantity`)
  return found
}
