"""Check 1: may this key sign this statement, as the chain saw it when it was anchored?

* The key is registered, with a proof of possession, by an operator who was admitted then: what was anchored
  between a removal and the next admission stays refused. Possession may be proven later than the anchor: a server
  logs while its own keys' registrations are still on their way, and the proof then says who held the key.
* Its role fits the statement: gateways sign frames, issuers sign everything else; a gateway's log is this one.
* The issuer's name is the registered one, and the operator's own: the registry takes any name from any operator,
  the authority's word for who the operator is stands in its identifier.
* Compromised keys count for what was anchored before the report; a retired key for what was anchored before
  its retirement, and a gateway's honest backlog: frames up to the epoch and sequence named at retirement.
"""

from __future__ import annotations

from leafproof import values
from leafproof.chain.view import ChainView, Moment, RegisteredKey, Role
from leafproof.verification.report import Finding, Status
from leafproof.verification.statements import Statement


def judge(statement: Statement, chain: ChainView, registrars: frozenset[bytes]) -> list[Finding]:
    """What speaks for or against the key, weightiest last; `registrars` are those that the reader trusts."""
    key_id = statement.envelope.key_id
    key = chain.keys.get(key_id)
    if key is None:
        code = "key-unproven" if key_id in chain.unproven_keys else "key-unknown"
        return [_finding(Status.FAIL, code, statement, key=key_id.hex())]
    anchored = _anchored(statement, chain)
    if failure := _refused(statement, key, chain, anchored):
        return [failure]
    operator = chain.operators[key.operator].at(anchored)
    name = operator.identifier if operator else ""
    found = [_finding(Status.PASS, "key-in-force", statement, operator=name)]
    if key.role is Role.GATEWAY:
        trusted = [r for r in key.attested_by if r in registrars]
        if trusted:
            name = chain.registrars.get(trusted[0], "0x" + trusted[0].hex())
            found.append(_finding(Status.PASS, "key-attested", statement, registrar=name))
        else:
            found.append(_finding(Status.PASS, "key-self-declared", statement))
    return found


def _anchored(statement: Statement, chain: ChainView) -> Moment | None:
    log = chain.logs.get(statement.envelope.header.log.log_id)
    head = log.first_covering(statement.index) if log else None
    return head.moment if head else None


def _refused(
    statement: Statement, key: RegisteredKey, chain: ChainView, anchored: Moment | None
) -> Finding | None:
    header = statement.envelope.header
    if key.role is not (Role.GATEWAY if header.frame else Role.ISSUER):
        return _finding(Status.FAIL, "key-role", statement)
    if key.issuer != header.issuer:
        return _finding(Status.FAIL, "key-issuer", statement, issuer=header.issuer, registered=key.issuer)
    if key.role is Role.GATEWAY and key.log_id != header.log.log_id:
        return _finding(Status.FAIL, "key-log", statement)
    known = chain.operators.get(key.operator)
    operator = known.at(anchored) if known else None
    if operator is None:
        return _finding(Status.FAIL, "key-operator", statement)
    if not values.speaks_for(operator.identifier, key.issuer):
        return _finding(Status.FAIL, "key-name", statement, issuer=key.issuer, operator=operator.identifier)
    if _over(key.compromised, anchored):
        return _finding(Status.FAIL, "key-compromised", statement)
    if key.retired and _over(key.retired.moment, anchored):
        end = (key.retired.epoch, key.retired.last_sequence)
        if header.frame is None or (header.frame.epoch, header.frame.sequence) > end:
            return _finding(Status.FAIL, "key-retired", statement, epoch=end[0], sequence=end[1])
    return None


def _over(end: Moment | None, anchored: Moment | None) -> bool:
    """Whether something ended before the statement was anchored; not anchored yet counts as after."""
    return end is not None and (anchored is None or end <= anchored)


def _finding(status: Status, code: str, statement: Statement, **params: object) -> Finding:
    return Finding(status, code, statement.label, {k: str(v) for k, v in params.items()})
