"""Check 10, as far as it is about classifications: what a lot's maker states of its customs code, held against the
versions of the living list that the chain knows, and against the list itself.

1. whoever classifies a lot has that lot on the chain, or a record of it whose pointer may be under way;
2. the version is the one that was in force when the statement was issued, or an earlier one that its signer may
   still have taken for it (`standing`), with the content that the chain names;
3. the categories are those that follow from code and evidence by that content.
"""

from __future__ import annotations

from leafproof.chain.view import Address, ChainView
from leafproof.classification import Classified, LivingList, in_force, standing
from leafproof.values import Lot
from leafproof.verification.reading import Reading
from leafproof.verification.report import Finding, Status
from leafproof.verification.statements import Statement

# When (Unix seconds) a lot was classified, see `made`, and as what.
Made = tuple[int, tuple[str, ...]]


def judge(
    chain: ChainView,
    maker: Address | None,
    issued_at: int,
    said: Classified,
    rules: LivingList | None,
    under_way: bool,
) -> Finding:
    """What is to be said of a classification; `maker`: by whose account it was signed, `rules`: the content that
    it names, None where that is not here; `under_way`: whether its maker has a record of the lot here that the
    chain may not have been told of yet."""

    def told(status: Status, finding: str, /, **params: object) -> Finding:
        return Finding(status, finding, str(said.of), {name: str(value) for name, value in params.items()})

    if maker is None or chain.lot(maker, said.of) is None:
        return told(Status.PENDING, "lot-pending") if under_way else told(Status.FAIL, "classified-foreign")
    named = {(one.version, one.content.hex()) for one in standing(chain.list_versions, issued_at)}
    if (said.version, said.content) not in named:
        held = in_force(chain.list_versions, issued_at)
        number = held.version if held else 0
        return told(Status.FAIL, "classified-version", version=said.version, held=number)
    if rules is None:
        return told(Status.NOT_CHECKED, "classified-list", version=said.version)
    expected = rules.categories(said.edition, said.code, said.evidence)
    if expected != said.categories:
        return told(Status.FAIL, "classified-differs", expected=words(expected), stated=words(said.categories))
    about = {"code": said.code, "edition": said.edition, "version": said.version}
    return told(Status.PASS, "classified", categories=words(expected), **about)


def words(categories: tuple[str, ...]) -> str:
    """As findings name them; a dash where there is none."""
    return ", ".join(categories) or "-"


def check_classified(reading: Reading) -> None:
    """10: each classification of the bundle."""
    check, chain = reading.report[10], reading.chain
    if chain is None:
        if reading.classified:
            check.add(Status.NOT_CHECKED, "withheld-chain", reason=reading.no_chain)
        return
    for statement, said in reading.classified.values():
        key = reading.operator(statement)
        rules = reading.content(said.content, LivingList)
        issued_at = statement.envelope.header.issued_at
        maker, under_way = key.operator if key else None, _under_way(reading, statement, said.of)
        check.findings.append(judge(chain, maker, issued_at, said, rules, under_way))


def _under_way(reading: Reading, statement: Statement, lot: Lot) -> bool:
    """Whether the signer has a record of the lot here to which the chain may point soon, as check 6 has it."""
    pending, whose = reading.report[5].status is Status.PENDING, reading.maker(statement)
    mine = (record for of, record, _ in reading.lots() if of == lot and reading.maker(record) == whose)
    return any(pending or reading.pointer_under_way(record) for record in mine)


def made(chain: ChainView, statement: Statement, said: Classified) -> Made:
    """A classification with its time: the signed one, or that of the newest head on chain that does not have it,
    whichever is later. Else one that is dated back would change what a label rests on."""
    header = statement.envelope.header
    return chain.made_at(header.log.log_id, statement.index, header.issued_at), said.categories


def made_of(reading: Reading, chain: ChainView, record: Statement, lot: Lot) -> tuple[Made, ...]:
    """The classifications of a lot by the maker of its record, in the log's order."""
    whose = reading.maker(record)
    mine = [one for one in reading.classified.values() if one[1].of == lot and reading.maker(one[0]) == whose]
    ordered = sorted(mine, key=lambda one: one[0].index)
    return tuple(made(chain, statement, said) for statement, said in ordered)
