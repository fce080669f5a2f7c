"""The page's eleven checks are the kernel's: on the same bundle, trust file and chain node, a real Chromium finds what
`leafproof.verification.verify` finds, whether all is honest or somebody lies with real keys."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from leafproof import body
from leafproof.bundle import Bundle
from leafproof.certificate import Cancellation, Days
from leafproof.chain.view import ChainView, Consumption, Custody, Operator, Retirement, lot_id
from leafproof.client.chain_reader import read_chain
from leafproof.client.rpc import Rpc
from leafproof.errors import InvalidInput
from leafproof.footprint import Footprint
from leafproof.keys import SigningKey
from leafproof.note import Note, Signature
from leafproof.record import JWT_TYPE
from leafproof.texts import printable
from leafproof.trust import Trust
from leafproof.verification.report import Status
from leafproof.verification.verify import verify
from tests.integration.web.judging import Case, agreed, by_page, case, compared, of_check, public
from tests.integration.web.phone import Phone, altered
from tests.support import world as w
from tests.support import world_methods as wm
from tests.support.certificates import HONEST, attested, cancelled, certify, log_cancellation
from tests.support.certificates import REGISTRAR as CERTIFICATES_REGISTRAR
from tests.support.world import COIL, TOWER, Places, World
from tests.support.world_chain import WorldChain, trust_of

if TYPE_CHECKING:
    pass

REGISTRAR = b"\xcc" * 20


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class TestAnHonestLot:
    @pytest.mark.parametrize("disclosed", ["everything but frames", "what anybody is given"])
    @pytest.mark.parametrize("lot", [TOWER, COIL], ids=["with inputs", "an input itself"])
    def test_is_judged_as_the_kernel_judges_it(self, phone: Phone, lot: Any, disclosed: str) -> None:
        world, _ = w.honest_world()
        given = case(world, lot)
        if disclosed != "everything but frames":
            given.bundle = public(given.bundle)
        page, kernel = compared(phone, given, world)
        assert page == kernel
        assert page[6][0] == "pass"

    def test_with_readings_says_that_a_page_does_not_meter(self, phone: Phone) -> None:
        world, _ = w.honest_world()
        page, kernel = compared(phone, Case(world.bundle(), world.view()), world)
        assert {n: page[n] for n in (0, 1, 2, 3, 4, 5, 6, 9, 10)} == {
            n: kernel[n] for n in (0, 1, 2, 3, 4, 5, 6, 9, 10)
        }
        for number in (7, 8):
            assert page[number][0] == "not checked"
            assert {code for code, _ in page[number][1]} >= {"not-metered"}
        assert "footprint-recomputed" in {code for code, _ in page[8][1]}

    def test_is_read_from_a_node_that_gives_few_blocks_at_once(self, phone: Phone) -> None:
        world, _ = w.honest_world()
        page, kernel = compared(phone, case(world), world, most=4)
        assert page == kernel

    @pytest.mark.parametrize("trusted", [True, False])
    def test_registrars_of_the_trust_file_decide_who_attests(self, phone: Phone, trusted: bool) -> None:
        world, _ = w.honest_world()
        view = world.view()
        keys = {k: replace(v, attested_by=(REGISTRAR,)) for k, v in view.keys.items()}
        given = case(world, trust=trust_of((REGISTRAR,) if trusted else ()))
        given.view = replace(view, keys=keys, registrars={REGISTRAR: "Metering Office"})
        page, kernel = compared(phone, given, world)
        assert page == kernel
        assert {"key-attested" if trusted else "key-self-declared"} < {code for code, _ in page[1][1]}


def key_of(case: Case, key: SigningKey, **changes: Any) -> Case:
    """The chain says something else of a key."""
    key_id = key.public.key_id
    keys = {**case.view.keys, key_id: replace(case.view.keys[key_id], **changes)}
    return replace(case, view=replace(case.view, keys=keys))


def compromised_before(world: World, at: Places) -> Case:
    return key_of(case(world), world.steel.gateway, compromised=w.moment(5))


def compromised_after(world: World, at: Places) -> Case:
    return key_of(case(world), world.steel.gateway, compromised=w.moment(10_000))


def unregistered(world: World, at: Places) -> Case:
    given = case(world)
    keys = {k: v for k, v in given.view.keys.items() if k != world.steel.key.public.key_id}
    return replace(given, view=replace(given.view, keys=keys))


def unproven(world: World, at: Places) -> Case:
    return case(world, unproven={world.steel.key.public.key_id})


def retired(last: int) -> Callable[[World, Places], Case]:
    def lie(world: World, at: Places) -> Case:
        return key_of(case(world), world.steel.gateway, retired=Retirement(1, last, w.moment(5)))

    return lie


def issuer_retired(world: World, at: Places) -> Case:
    return key_of(case(world), world.steel.key, retired=Retirement(0, 0, w.moment(5)))


def another_role(world: World, at: Places) -> Case:
    return key_of(case(world), world.steel.gateway, role=0, log_id=bytes(32))


def another_log(world: World, at: Places) -> Case:
    return key_of(case(world), world.steel.gateway, log_id=b"\x33" * 32)


def another_issuer(world: World, at: Places) -> Case:
    return key_of(case(world), world.steel.key, issuer=world.fabricator.uri)


def another_company(world: World, at: Places) -> Case:
    return key_of(case(world), world.steel.key, operator=world.fabricator.address)


def removed_operator(world: World, at: Places) -> Case:
    given = case(world)
    operators = {a: replace(o, removed=w.moment(5)) for a, o in given.view.operators.items()}
    return replace(given, view=replace(given.view, operators=operators))


def removed_for_a_while(*spans: tuple[int, int], name: str = "") -> Callable[[World, Places], Case]:
    """The steel plant was removed and admitted anew at the blocks of each of `spans`, at last as `name`."""

    def lie(world: World, at: Places) -> Case:
        given = case(world)
        known = given.view.operators[world.steel.address]
        before: tuple[Operator, ...] = ()
        for removed, admitted in spans:
            before = (*before, replace(known, removed=w.moment(removed)))
            known = replace(known, admitted=w.moment(admitted))
        known = replace(known, identifier=name or known.identifier, before=before)
        operators = {**given.view.operators, known.address: known}
        return replace(given, view=replace(given.view, operators=operators))

    return lie


def foreign_footprint(world: World, at: Places) -> Case:
    w.log_footprint(world, world.fabricator, w.coil_record(world, at.steel_plan), at.coil, at.factors)
    world.anchor()
    return case(world, COIL)


def forked_footprint(world: World, at: Places) -> Case:
    w.log_footprint(world, world.steel, w.coil_record(world, at.steel_plan), at.coil, at.factors)
    world.anchor()
    return case(world, COIL)


def superseded(world: World, at: Places) -> Case:
    bundle = world.bundle(bodies=False)
    newer = w.coil_record(world, at.steel_plan, "19.4", supersedes=world.id(at.coil))
    world.supersede(world.steel, COIL, w.log_record(world, world.steel, newer))
    return Case(bundle, world.view())


def corrected_after_use(world: World, at: Places) -> Case:
    newer = w.coil_record(world, at.steel_plan, "19.4", supersedes=world.id(at.coil))
    index = w.log_record(world, world.steel, newer)
    world.anchor()
    world.supersede(world.steel, COIL, index)
    return case(world)


def elsewhere(world: World, at: Places) -> Case:
    given = case(world, COIL)
    kept = tuple(i for i in given.bundle.items if i.index not in (at.tower, at.coil))
    return replace(given, bundle=replace(given.bundle, items=kept))


def outdated(world: World, at: Places) -> Case:
    newer = w.coil_record(world, at.steel_plan, "19.4", supersedes=world.id(at.coil))
    index = w.log_record(world, world.steel, newer)
    world.anchor()
    world.supersede(world.steel, COIL, index)
    return case(world, COIL)


def not_minted(whose: str, over: bool = True) -> Callable[[World, Places], Case]:
    """No lot of theirs is on the chain, and the time that its pointer may take is over, or is not."""

    def lie(world: World, at: Places) -> Case:
        given = case(world)
        view = w.later(given.view) if over else given.view
        lots = {k: v for k, v in view.lots.items() if v.operator != getattr(world, whose).address}
        return replace(given, view=replace(view, lots=lots))

    return lie


def unshowable_footprint(world: World, at: Places) -> Case:
    true = stated(world, at.coil_footprint)
    lie = msgspec.structs.replace(true, flags=("a\u202eb",), supersedes=world.id(at.coil_footprint))
    data, disclosed = lie.issue(world.steel.key, world.steel.uri)
    world.state(world.steel, COIL.urn, body.FOOTPRINT, data, *disclosed.values())
    world.anchor()
    return case(world, COIL)


def factors_titled(title: str) -> Callable[[World, Places], Case]:
    def lie(world: World, at: Places) -> Case:
        titled = msgspec.structs.replace(w.FACTORS, title=title)
        world.state(world.steel, "urn:test:factors", body.FACTOR_SET, titled.encode_body())
        world.anchor()
        return case(world, COIL)

    return lie


def unshowable_plan(world: World, at: Places) -> Case:
    true = w.plan_of(world.steel)
    points = tuple(msgspec.structs.replace(p, meter="serial\n7") for p in true.points)
    w.log_plan(world, world.steel, msgspec.structs.replace(true, points=points))
    world.anchor()
    return case(world, COIL)


def smaller(world: World, at: Places) -> Case:
    """A footprint that does not follow from its facts, anchored as any other."""
    true = stated(world, at.coil_footprint)
    lie = msgspec.structs.replace(true, per_tonne="1999.000", supersedes=world.id(at.coil_footprint))
    data, disclosed = lie.issue(world.steel.key, world.steel.uri)
    world.state(world.steel, COIL.urn, body.FOOTPRINT, data, *disclosed.values())
    world.anchor()
    return case(world, COIL)


def stated(world: World, index: int) -> Footprint:
    entry = world.entries[index]
    assert entry.body
    return Footprint.read(entry.body, entry.disclosures, world.steel.key.public, world.steel.uri)


def without_factors(world: World, at: Places) -> Case:
    given = case(world)
    kept = tuple(i for i in given.bundle.items if i.index != at.factors)
    return replace(given, bundle=replace(given.bundle, items=kept))


def foreign_plan(world: World, at: Places) -> Case:
    lie = w.coil_record(world, at.workshop_plan, supersedes=world.id(at.coil))
    index = w.log_record(world, world.steel, lie)
    first = world.id(at.coil_footprint)
    w.log_footprint(world, world.steel, lie, index, at.factors, supersedes=first)
    world.anchor()
    world.supersede(world.steel, COIL, index)
    return case(world, COIL)


def foreign_gateway(world: World, at: Places) -> Case:
    gateway = world.fabricator.gateway
    return key_of(case(world), gateway, operator=world.steel.address)


def inputs_of(change: Callable[[World, tuple[Consumption, ...]], tuple[Consumption, ...]]) -> Any:
    def lie(world: World, at: Places) -> Case:
        given = case(world)
        token = lot_id(world.fabricator.address, TOWER)
        known = given.view.lots[token]
        lots = {**given.view.lots, token: replace(known, inputs=change(world, known.inputs))}
        return replace(given, view=replace(given.view, lots=lots))

    return lie


def custody(tower: Custody, coil: Custody) -> Callable[[World, Places], Case]:
    """What the two lots were minted with."""

    def lie(world: World, at: Places) -> Case:
        given = case(world)
        lots = {
            k: replace(v, custody=tower if v.operator == world.fabricator.address else coil)
            for k, v in given.view.lots.items()
        }
        return replace(given, view=replace(given.view, lots=lots))

    return lie


def certified(stated: Cancellation = HONEST, **changes: Any) -> Callable[[World, Places], Case]:
    """A claim of certificates for the coil."""

    def lie(world: World, at: Places) -> Case:
        certify(world, at, stated, **changes)
        return case(world, COIL)

    return lie


def of_day(generated: str, **changes: Any) -> Cancellation:
    """A GEC of one day, cancelled on that day."""
    days = Days(generated, generated)
    return cancelled(kind="GEC", country="CN", generated=days, cancelled=generated, **changes)


def attested_claim(world: World, at: Places) -> Case:
    certify(world, at)
    world.claims[0] = replace(world.claims[0], attested=attested(world))
    return case(world, COIL, trust=trust_of((CERTIFICATES_REGISTRAR,)))


def rejected_claim(world: World, at: Places) -> Case:
    certify(world, at)
    world.claims[0] = replace(world.claims[0], rejected=world.tick())
    return case(world, COIL)


def footprint_after_the_claim(world: World, at: Places) -> Case:
    certify(world, at)
    record, first = w.coil_record(world, at.steel_plan), world.id(at.coil_footprint)
    w.log_footprint(world, world.steel, record, at.coil, at.factors, supersedes=first)
    world.anchor()
    return case(world, COIL)


def footprint_replaced_twice(world: World, at: Places) -> Case:
    certify(world, at)
    record, first = w.coil_record(world, at.steel_plan), world.id(at.coil_footprint)
    second, _ = w.log_footprint(world, world.steel, record, at.coil, at.factors, supersedes=first)
    w.log_footprint(world, world.steel, record, at.coil, at.factors, supersedes=world.id(second))
    world.anchor()
    given = case(world, COIL)
    gone = (at.coil_footprint, second, at.tower, at.tower_footprint)
    items = tuple(one for one in given.bundle.items if one.index not in gone)
    return replace(given, bundle=replace(given.bundle, items=items))


def nobody_claims(world: World, at: Places) -> Case:
    log_cancellation(world, HONEST)
    return case(world, COIL)


def public_claim(world: World, at: Places) -> Case:
    certify(world, at)
    given = case(world, COIL)
    return replace(given, bundle=public(given.bundle))


def input_left_out(world: World, at: Places) -> Case:
    given = case(world)
    kept = tuple(i for i in given.bundle.items if i.index not in (at.coil, at.coil_footprint))
    return replace(given, bundle=replace(given.bundle, items=kept))


def another_root(world: World, at: Places) -> Case:
    given = case(world)
    logs = {
        k: replace(v, heads=tuple(replace(h, root=bytes(32)) for h in v.heads)) for k, v in given.view.logs.items()
    }
    return replace(given, view=replace(given.view, logs=logs))


def not_yet_anchored(world: World, at: Places) -> Case:
    bundle = world.bundle(bodies=False)
    world.anchors.pop()
    return Case(bundle, world.view())


def no_such_log(world: World, at: Places) -> Case:
    return replace(case(world), view=replace(world.view(), logs={}))


def signed_jwt(claims: str) -> Callable[[World, Places], Case]:
    """The coil's record anew, as a JWT whose claims end in the text `claims`, really signed, logged and anchored."""

    def lie(world: World, at: Places) -> Case:
        record = w.coil_record(world, at.steel_plan, supersedes=world.id(at.coil))
        plain = {k: v for k, v in msgspec.to_builtins(record).items() if v is not None and k != "inputs"}
        shown = json.dumps({"iss": world.steel.uri, "_sd_alg": "sha-256", **plain})
        head = json.dumps({"alg": "ES256", "typ": JWT_TYPE})
        text = f"{base64url(head.encode())}.{base64url((shown[:-1] + claims + '}').encode())}"
        data = body.encode(f"{text}.{base64url(world.steel.key.sign(text.encode()))}")
        world.state(world.steel, COIL.urn, body.BATCH_RECORD, data)
        world.anchor()
        return case(world, COIL)

    return lie


def digest(*parts: Any) -> str:
    text = base64url(json.dumps(["salt", *parts]).encode())
    return json.dumps(base64url(hashlib.sha256(text.encode()).digest()))


def made_of(name: str) -> Callable[[World, Places], Case]:
    line = {"name": name, "quantity": "19", "unit": "t", "source": {"kind": "declared"}, "material": "steel-slab"}
    return signed_jwt(f', "inputs": {json.dumps([line])}')


def another_disclosure(world: World, at: Places) -> Case:
    given = case(world)
    foreign = world.entries[at.tower].disclosures
    items = tuple(replace(i, disclosures=foreign) if i.index == at.coil else i for i in given.bundle.items)
    return replace(given, bundle=replace(given.bundle, items=items))


LIES: dict[str, tuple[int | None, Callable[[World, Places], Case]]] = {
    "a key compromised before the anchor": (1, compromised_before),
    "a key compromised after the anchor": (None, compromised_after),
    "an unregistered key": (1, unregistered),
    "a key without a proof of possession": (1, unproven),
    "a retired key": (1, retired(4)),
    "a retired key's backlog": (None, retired(5)),
    "a retired issuer": (1, issuer_retired),
    "a key of another role": (1, another_role),
    "a gateway of another log": (1, another_log),
    "another issuer's name": (1, another_issuer),
    "a name of another company": (1, another_company),
    "an operator who was removed": (1, removed_operator),
    "an operator who was away at the anchor": (1, removed_for_a_while((5, 1_000))),
    "an operator who was away twice": (1, removed_for_a_while((4, 6), (7, 1_000))),
    "an operator who came back before the anchor": (None, removed_for_a_while((4, 6), (7, 9))),
    "an operator who came back under another name": (
        1,
        removed_for_a_while((4, 6), name="https://id.gs1.org/417/x"),
    ),
    "an operator who took another name later": (None, removed_for_a_while((900, 1_000), name="a new name")),
    "a record with an escape sequence": (3, made_of("slab\x1b[2J")),
    "a footprint with a turn of direction": (3, unshowable_footprint),
    "a factor set with a line separator": (3, factors_titled("Factors\u2028for tests")),
    "a factor set with a joiner": (None, factors_titled("Factors for\u200ctests \U000e0fff\u00a0")),
    "a metering plan with a newline": (3, unshowable_plan),
    "half of a pair": (3, made_of("\ud800")),
    "a member named by an escape sequence": (3, signed_jwt(', "inputs": [], "\\u001b[2J": 1')),
    "a member withheld in part": (3, signed_jwt(f', "inputs": [{{"...": {digest({"lot": "B"})}}}]')),
    "more digests than members": (
        3,
        signed_jwt(f', "inputs": [], "_sd": [{digest(1)}, {digest(2)}, {digest(3)}]'),
    ),
    "a member twice": (3, signed_jwt(', "inputs": [], "inputs": []')),
    "an unknown member": (3, signed_jwt(', "inputs": [], "note": "so"')),
    "a number that is not whole": (3, signed_jwt(', "inputs": [], "supersedes": 1.0')),
    "a disclosure of another statement": (3, another_disclosure),
    "another root on the chain": (5, another_root),
    "a log that nobody opened": (5, no_such_log),
    "a head that is not anchored": (None, not_yet_anchored),
    "a footprint by another operator": (6, foreign_footprint),
    "a forked footprint": (6, forked_footprint),
    "a superseded record": (6, superseded),
    "a footprint of an older record": (6, outdated),
    "a record that is not there": (0, elsewhere),
    "a lot that is not on the chain": (6, not_minted("fabricator")),
    "a lot whose pointer may be under way": (None, not_minted("fabricator", over=False)),
    "an input lot that is not on the chain": (6, not_minted("steel")),
    "an input lot whose pointer may be under way": (None, not_minted("steel", over=False)),
    "another operator's metering plan": (7, foreign_plan),
    "another operator's gateway": (1, foreign_gateway),
    "a footprint made smaller": (8, smaller),
    "a factor set that is missing": (8, without_factors),
    "shares that were not spent": (9, inputs_of(lambda _, __: ())),
    "shares of something unnamed": (9, inputs_of(lambda _, known: (*known, Consumption(b"\x77" * 32, 10**17)))),
    "too few shares": (9, inputs_of(lambda _, known: tuple(replace(c, shares=c.shares - 1) for c in known))),
    "a stricter chain of custody than its input's": (9, custody(Custody.SEGREGATED, Custody.MASS_BALANCE)),
    "mass balance all the way": (None, custody(Custody.MASS_BALANCE, Custody.MASS_BALANCE)),
    "book and claim of something": (None, custody(Custody.BOOK_AND_CLAIM, Custody.NOT_STATED)),
    "certificates claimed once": (None, certified()),
    "certificates with the registry's word": (None, attested_claim),
    "certificates of a lot of which little is shown": (None, public_claim),
    "certificates that nobody claims": (None, nobody_claims),
    "certificates claimed for an earlier footprint": (None, footprint_after_the_claim),
    "certificates claimed for a footprint that was replaced twice": (None, footprint_replaced_twice),
    "certificates whose claim is rejected": (10, rejected_claim),
    "certificates of another market": (10, certified(cancelled(country="VN"))),
    "certificates of another vintage": (10, certified(cancelled(kind="GO", country="FR", cancelled="2019-07-02"))),
    "certificates of long before": (10, certified(of_day("2005-01-31"))),
    "certificates of long after": (10, certified(of_day("2026-01-31"))),
    "certificates of a day within": (10, certified(of_day("2018-01-31"))),  # which is of another market only
    "certificates for more than a year": (
        10,
        certified(of_day("2018-01-31", period=Days("2017-07-01", "2018-07-01"))),
    ),
    "certificates for another period": (10, certified(cancelled(period=Days("2018-01-03", "2018-01-31")))),
    "certificates for another company": (10, certified(cancelled(beneficiary=str(w.FABRICATOR)))),
    "certificates for another plant": (10, certified(cancelled(facility=str(w.WORKSHOP)))),
    "certificates beyond what was cancelled": (10, certified(last=HONEST.serials[1] + 1)),
    "certificates claimed by another": (10, certified(operator=b"\xb2" * 20)),
    "certificates without their cancellation": (10, certified(cancellation=b"\x0c" * 32)),
    "certificates of more than a megawatt-hour": (3, certified(cancelled(wh_per_serial=10**6 + 1))),
    "certificates that break a rule": (3, certified(cancelled(country="Korea"))),
    "an input that is left out": (8, input_left_out),
    "an input corrected after its use": (None, corrected_after_use),
}


class TestALie:
    @pytest.mark.parametrize("lie", LIES)
    def test_fails_at_the_kernels_check(self, phone: Phone, lie: str) -> None:
        number, tell = LIES[lie]
        world, at = w.honest_world()
        page, kernel = compared(phone, tell(world, at), world)
        assert agreed(page) == agreed(kernel)
        assert next((n for n, (status, _) in page.items() if status == "fail"), None) == number
        assert all(text == printable(text) for _, lines in page.values() for _, text in lines)

    @pytest.mark.parametrize("name", wm.LIES)
    def test_in_a_footprint_by_any_method_is_found_as_the_kernel_finds_it(self, phone: Phone, name: str) -> None:
        by, lie, _ = wm.LIES[name]
        world, _, at = wm.methods_world()
        wm.log_stated(world, wm.changed(lie(at.stated[by]), world.id(at.footprints[by])))
        world.anchor()
        page, kernel = compared(phone, case(world, wm.STRIP), world)
        assert agreed(page) == agreed(kernel)
        assert page[8][0] == "fail"

    @pytest.mark.parametrize("lot", [COIL, TOWER])
    def test_about_whose_lot_it_is(self, phone: Phone, lot: Any) -> None:
        world, _ = w.fabricators_own_coil("1.000")
        page, kernel = compared(phone, case(world, lot), world)
        assert agreed(page) == agreed(kernel)
        assert "two-makers" in {code for code, _ in page[0][1]} or "input-maker" in {c for c, _ in page[9][1]}

    def test_in_a_plan_valid_only_later(self, phone: Phone) -> None:
        world, _ = w.honest_world(valid_from="2018-01-02T00:30:00Z")
        page, kernel = compared(phone, case(world, COIL), world)
        assert page == kernel
        assert "plan-later" in {code for code, _ in page[7][1]}


def unproven_extension(world: World, bundle: Bundle) -> Bundle:
    (one,) = w.witnessed(world, bundle, w.cosigned(world, w.WITNESSES)).checkpoints
    proofs = tuple((place, path[:-1] or (bytes(32),)) for place, path in one.proofs)
    return replace(bundle, checkpoints=(replace(one, proofs=proofs),))


def spoilt_cosignature(world: World, bundle: Bundle) -> Bundle:
    read = Note.decode(w.cosigned(world, w.WITNESSES))
    last = read.signatures[-1]
    other = Signature(last.name, last.key_id, last.value[:-1] + bytes([last.value[-1] ^ 1]))
    return w.witnessed(world, bundle, read.plus([other]).encode())


NAME, KEY = next(iter(w.WITNESSES.items()))
# What the bundle has of witnesses, of whom two are demanded; whether that is enough.
WITNESSED: dict[str, tuple[bool, Callable[[World, Bundle], Bundle]]] = {
    "all three": (True, lambda world, given: w.witnessed(world, given, w.cosigned(world, w.WITNESSES))),
    "none": (False, lambda world, given: given),
    "one": (False, lambda world, given: w.witnessed(world, given, w.cosigned(world, {NAME: KEY}))),
    "of another root": (
        False,
        lambda world, given: w.witnessed(world, given, w.cosigned(world, w.WITNESSES, root=bytes(32))),
    ),
    "of an older head": (
        False,
        lambda world, given: w.witnessed(world, given, w.cosigned(world, w.WITNESSES, given.heads[0].size)),
    ),
    "without the proof": (False, unproven_extension),
    "one of them spoilt": (False, spoilt_cosignature),
}


class TestWitnesses:
    @pytest.mark.parametrize("what", WITNESSED)
    def test_are_demanded_as_the_kernel_demands_them(self, phone: Phone, what: str) -> None:
        enough, change = WITNESSED[what]
        world, at = w.honest_world()
        bundle = world.bundle(bodies=False)
        w.log_record(world, world.steel, w.coil_record(world, at.steel_plan))  # behind the newest head
        given = Case(change(world, bundle), world.view(), w.demanding(trust_of(), 2))
        page, kernel = compared(phone, given, world)
        assert page == kernel
        assert ("unwitnessed" in {code for code, _ in page[5][1]}) is not enough
        assert page[5][0] == ("pass" if enough else "fail")


class TestAnyBit:
    def test_a_changed_bit_fails_at_the_kernels_checks(self, phone: Phone) -> None:
        world, _ = w.honest_world()
        given = case(world)
        data = given.bundle.encode()
        with WorldChain(world) as chain:
            by_page(phone, given, chain.url)
            with Rpc(chain.url) as rpc:
                view = read_chain(rpc, given.trust)
            for place in range(0, len(data), len(data) // 24):
                broken = data[:place] + bytes([data[place] ^ 1 << place % 8]) + data[place + 1 :]
                altered(phone.page, broken)
                phone.again()
                failed = [n for n in range(11) if of_check(phone.page, n)[0] == "fail"]
                assert failed == failed_by_kernel(broken, given.trust, view), place


def failed_by_kernel(data: bytes, trust: Trust, view: ChainView) -> list[int]:
    """Numbers of the checks that fail: a file that cannot be read fails at the first."""
    try:
        bundle = Bundle.decode(data)
    except InvalidInput:
        return [0]
    report = verify(bundle, trust, view)
    if bundle.lot != TOWER:
        report[0].add(Status.FAIL, "another-lot", asked=TOWER, found=bundle.lot)
    return [c.number for c in report.checks if c.status is Status.FAIL]
