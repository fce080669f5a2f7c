// SPDX-License-Identifier: Apache-2.0
// The trust file that a reader chooses, by the rules of leafproof/trust.py: taken whole and in its one form, or not.
import { Malformed } from './encoding.js'
import { parseBytes } from './json.js'
import { readWitness } from './note.js'
import { convert, exactly, list, named, oneOf, struct, text, whole } from './shape.js'
import { digest } from './values.js'

export const MAX_TRUST_FILE = 65536
const CONTRACTS = ['CertificateClaims', 'Classification', 'KeyRegistry', 'LabelRegistry', 'LotRegistry', 'TransparencyLog']

const shape = struct(
  {
    version: exactly(1), chain_id: whole, genesis: text,
    network_class: oneOf('development', 'single operator', 'consortium', 'public'),
    finality_blocks: whole, deployed_block: whole, contracts: named(struct({ address: text, code_sha256: text })),
  },
  {
    publishers: list(text), registrars: list(text), rpc_urls: list(text), verifiers: list(text), witnesses: list(text),
    witnesses_required: whole,
  },
)

export function readTrust(bytes) {
  if (bytes.length > MAX_TRUST_FILE) throw new Malformed(`trust file: ${bytes.length} bytes, at most ${MAX_TRUST_FILE} are read`)
  const value = parseBytes(bytes, 'trust file')
  const trust = convert(value, shape, 'trust file')
  if (canonical(value) !== new TextDecoder().decode(bytes)) throw new Malformed('trust file: not in canonical form (RFC 8785)')
  trust.publishers ??= []
  trust.registrars ??= []
  trust.verifiers ??= []
  trust.witnesses ??= []
  trust.witnesses_required ??= 0
  if (Object.keys(trust.contracts).sort().join() !== CONTRACTS.join()) {
    throw new Malformed(`trust file: contracts are not exactly ${CONTRACTS.join(', ')}`)
  }
  digits(trust.genesis, 32, 'genesis')
  for (const { address, code_sha256 } of Object.values(trust.contracts)) {
    digits(address, 20, 'address')
    digest(code_sha256, 'code_sha256')
  }
  for (const registrar of trust.registrars) digits(registrar, 20, 'registrars')
  if (trust.chain_id < 1 || trust.finality_blocks < 1 || trust.deployed_block < 0) {
    throw new Malformed('trust file: chain id and finality blocks start at 1, deployed block at 0')
  }
  const witnesses = new Set(trust.witnesses.map((vkey) => readWitness(vkey).point.join()))
  if (witnesses.size !== trust.witnesses.length) throw new Malformed("witnesses: not each a cosigner's key of its own")
  if (trust.witnesses_required < 0 || trust.witnesses_required > witnesses.size) {
    throw new Malformed(`witnesses_required: not between 0 and the ${witnesses.size} witnesses named`)
  }
  return trust
}

function digits(value, size, field) {
  if (!new RegExp(`^0x[0-9a-f]{${2 * size}}$`).test(value)) throw new Malformed(`${field}: not 0x and ${2 * size} lower-case hexadecimal digits`)
}

// RFC 8785 of what a trust file can hold: texts, whole numbers, lists and objects.
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (!(value instanceof Map)) return JSON.stringify(value)
  return `{${[...value.keys()].sort().map((name) => `${JSON.stringify(name)}:${canonical(value.get(name))}`).join()}}`
}
