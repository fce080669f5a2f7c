// SPDX-License-Identifier: Apache-2.0
// The passport page's own hands: it checks the bundle on this device and writes beside each check what it found.
//
// A script is only as good as whoever serves it: this one shows that bundle, proofs and chain agree, and catches a
// bundle that was altered on its way or in the store. A server that lies on purpose can serve another script. For a
// judgement that rests on nothing of this server, use `leafproof verify` with a trust file from elsewhere.
import { verify } from './checks.js'
import { FAIL, NOT_CHECKED, PASS, PENDING, WARNING, WEIGHT } from './report.js'
import { MAX_TRUST_FILE, readTrust } from './trust.js'

const STORED = 'leafproof-rpc' // the full address, with a provider's token, never leaves this tab
const MAX_FINDINGS = 200 // of one check that are shown, the weightiest first
const NOT_HERE = ['withheld', 'not-metered'] // what no chain node would change

const page = document.getElementById('device')
const config = JSON.parse(page.dataset.config)
const translated = (word) => (Object.hasOwn(config.texts, word) ? config.texts[word] : word)
const say = (text, params = {}) => text.replace(/\{(\w+)\}/g, (_, name) => translated(params[name] ?? ''))

let trust = config.trust

function rpcAddress() {
  const stored = sessionStorage.getItem(STORED)
  return stored && config.nodes.includes(new URL(stored).origin) ? stored : config.node
}

// The row of marks at the top shows a fault that this device found in place of what the server says.
function markFault(number, fault) {
  const link = document.querySelector(`.strip a[href="#check-${number}"]`)
  const use = link.querySelector('use')
  link.dataset.server ??= JSON.stringify([link.className, use.getAttribute('href'), link.ariaLabel])
  const [mark, picture, label] = JSON.parse(link.dataset.server)
  link.className = fault ? 'mark-fail' : mark
  use.setAttribute('href', fault ? '#i-fail' : picture)
  link.ariaLabel = fault ? `${number} ${config.names[number]}: ${config.statuses.fail}` : label
}

function show(number, check) {
  markFault(number, check.status === FAIL)
  const box = document.querySelector(`[data-check="${number}"]`)
  const word = config.statuses[check.status]
  const checked = check.status !== NOT_CHECKED
  box.dataset.device = check.status
  box.querySelector('[data-who]').textContent =
    checked && check.status !== PASS ? `${config.texts.device}: ${word}` : checked ? config.texts.device : config.texts.server
  const list = box.querySelector('[data-device-findings]')
  const ordered = [...check.findings].sort((a, b) => WEIGHT.indexOf(b.status) - WEIGHT.indexOf(a.status))
  list.replaceChildren(...ordered.slice(0, MAX_FINDINGS).map(line))
  if (ordered.length > MAX_FINDINGS) list.append(`+ ${ordered.length - MAX_FINDINGS}`)
  list.hidden = false
}

// Of which statement or lot a finding speaks.
function subject(text) {
  const [, kind, index] = /^(?:(.+), )?entry (\d+)$/.exec(text) ?? []
  if (index === undefined) return text
  return say(translated(kind ? '{kind}, entry {index}' : 'entry {index}'), { kind, index })
}

function sentence(finding) {
  const text = say(config.messages[finding.code], finding.params)
  return finding.subject ? `${subject(finding.subject)}: ${text}` : text
}

function line(finding) {
  const item = document.createElement('li')
  item.textContent = `${config.texts.device}: ${sentence(finding)}`
  item.dataset.status = finding.status
  item.dataset.code = finding.code
  return item
}

function conclude(checks, milliseconds) {
  const numbers = (wanted) => Object.keys(checks).filter((number) => wanted(checks[number]))
  const [failed, pending] = [FAIL, PENDING].map((status) => numbers((check) => check.status === status))
  const good = numbers(({ status }) => status === PASS || status === WARNING)
  const unchecked = numbers(({ status }) => status === NOT_CHECKED)
  const beyond = ({ findings }) => findings.every(({ status, code }) => status !== NOT_CHECKED || NOT_HERE.includes(code))
  const withheld = unchecked.filter((number) => checks[number].findings.length && beyond(checks[number]))
  const missing = unchecked.filter((number) => !withheld.includes(number))
  const parts = []
  if (failed.length) {
    const first = checks[failed[0]].findings.find((finding) => finding.status === FAIL)
    parts.push(say(config.texts.failed, { number: failed[0], name: config.names[failed[0]], finding: sentence(first) }))
    document.getElementById('verdict').dataset.device = 'fail'
  } else {
    const seconds = (milliseconds / 1000).toFixed(1)
    parts.push(say(config.texts.passed, { numbers: good.join(', '), seconds }))
    for (const [name, list] of Object.entries({ pending, withheld, missing })) {
      if (list.length) parts.push(say(config.texts[name], { numbers: list.join(', ') }))
    }
  }
  page.dataset.state = failed.length ? 'fail' : pending.length || missing.length ? 'partly' : 'pass'
  page.querySelector('[data-summary]').textContent = parts.join(' ')
}

async function run() {
  const started = performance.now()
  page.dataset.state = 'running'
  delete document.getElementById('verdict').dataset.device
  const summary = page.querySelector('[data-summary]')
  summary.textContent = config.texts.running
  let bytes
  try {
    const response = await fetch(config.bundle, { headers: { Accept: 'application/vnd.leafproof.bundle+cbor' }, cache: 'no-store' })
    if (!response.ok) throw new Error(String(response.status))
    bytes = new Uint8Array(await response.arrayBuffer())
  } catch {
    page.dataset.state = 'missing'
    summary.textContent = config.texts.nobundle
    return
  }
  const bar = page.querySelector('progress')
  const checks = await verify(bytes, config.shown, trust, rpcAddress(), (share) => (bar.value = share))
  for (const [number, check] of Object.entries(checks)) show(number, check)
  conclude(checks, performance.now() - started)
}

async function chooseTrust(event) {
  const [file] = event.target.files
  const answer = document.getElementById('trust-answer')
  if (!file) return
  try {
    trust = readTrust(new Uint8Array(await file.slice(0, MAX_TRUST_FILE + 1).arrayBuffer()))
  } catch {
    answer.textContent = config.texts.nottrust
    return
  }
  answer.textContent = say(config.texts.trusted, { name: file.name })
  run()
}

// The page may connect only where its policy says; it is loaded again with the new node's origin, and no more, added.
function chooseNode(event) {
  event.preventDefault()
  const field = event.target.elements.rpc
  let url
  try {
    url = new URL(field.value)
    if (!['http:', 'https:'].includes(url.protocol)) throw new Error()
  } catch {
    field.setCustomValidity(config.texts.noturl)
    field.reportValidity()
    return
  }
  sessionStorage.setItem(STORED, url.href)
  if (config.nodes.includes(url.origin)) {
    run()
    return
  }
  const target = new URL(location.href)
  target.searchParams.set('rpc', url.origin)
  target.hash = 'device'
  location.assign(target)
}

page.hidden = false
document.getElementById('own-tools').hidden = false
document.getElementById('node-form').addEventListener('submit', chooseNode)
document.getElementById('node-form').elements.rpc.addEventListener('input', (event) => event.target.setCustomValidity(''))
document.getElementById('trust-file').addEventListener('change', chooseTrust)
document.getElementById('check-again').addEventListener('click', run)
run()
