"""The page's eleven checks are the kernel's: on the same bundle, trust file and chain node, a real Chromium finds what
`leafproof.verification.verify` finds, whether all is honest or somebody lies with real keys."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from leafproof import body, disclosure, footprint, record
from leafproof.bundle import Bundle
from leafproof.certificate import Cancellation, Days
from leafproof.chain.view import ChainView, Consumption, Custody, Operator, Retirement, lot_id
from leafproof.client.chain_reader import read_chain
from leafproof.client.rpc import Rpc
from leafproof.errors import InvalidInput
from leafproof.footprint import Footprint
from leafproof.keys import SigningKey
from leafproof.note import Note, Signature
from leafproof.period import EnergyPeriod, Invoice, share_out
from leafproof.plan import Conversion, MeteringPlan, Plausible, Replacement
from leafproof.profile import ProfileRef
from leafproof.record import DISCLOSED_FROM as record_members
from leafproof.record import JWT_TYPE, BatchRecord, Input, Output, Segment, Source, Weighing
from leafproof.texts import printable
from leafproof.trust import Trust
from leafproof.verification.report import Report, Status
from leafproof.verification.verify import verify
from tests.integration.web.phone import Phone, altered
from tests.integration.web.street import section
from tests.support import methods as m
from tests.support import world as w
from tests.support import world_methods as wm
from tests.support import world_plant as wp
from tests.support.certificates import HONEST, attested, cancelled, certify, log_cancellation
from tests.support.certificates import REGISTRAR as CERTIFICATES_REGISTRAR
from tests.support.world import COIL, TOWER, Places, World
from tests.support.world_chain import WorldChain, trust_of
from tests.unit import test_estimating as estimating
from tests.unit import test_plausible as suspected
from tests.unit import test_reconciled as reconciled
from tests.unit import test_simulated as simulated

if TYPE_CHECKING:
    from playwright.sync_api import Page

PASSPORT = f"/01/{section('T-1').gtin}/10/T-1"
REGISTRAR = b"\xcc" * 20
SAID = "checked by this device: "
# The members that anybody is given.
PUBLIC = {n for m in (record, footprint) for n, tier in m.DISCLOSED_FROM.items() if tier == "public"}
Found = dict[int, tuple[str, list[tuple[str, str]]]]  # by check: its status, and each finding's code and words


# Before the page's own script runs, as if the server had said so.
_TOLD = """document.addEventListener('readystatechange', () => {
  const device = document.getElementById('device')
  if (document.readyState !== 'interactive' || !device) return
  device.dataset.config = JSON.stringify({ ...JSON.parse(device.dataset.config), ...TOLD })
})"""


@dataclass
class Case:
    """What page and kernel are given: a bundle, and the chain as `view` has it."""

    bundle: Bundle
    view: ChainView
    trust: Trust = field(default_factory=trust_of)
    unproven: set[bytes] = field(default_factory=set)


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def member(disclosure: str) -> str:
    return str(json.loads(base64.urlsafe_b64decode(disclosure + "=" * (-len(disclosure) % 4)))[1])


def public(bundle: Bundle) -> Bundle:
    """Of it, what anybody is given."""
    shown = (replace(i, disclosures=tuple(d for d in i.disclosures if member(d) in PUBLIC)) for i in bundle.items)
    return replace(bundle, items=tuple(shown))


def case(world: World, lot: Any = TOWER, **parts: Any) -> Case:
    return Case(world.bundle(lot, bodies=False), world.view(), **parts)


def by_kernel(case: Case, url: str) -> Found:
    with Rpc(url) as rpc:
        report: Report = verify(case.bundle, case.trust, read_chain(rpc, case.trust))
    return {c.number: (str(c.status), sorted((f.code, f.text()) for f in c.findings)) for c in report.checks}


def by_page(phone: Phone, case: Case, url: str) -> Found:
    """What the page finds when the server shows it `case`."""
    config = {"trust": {k: v for k, v in msgspec.to_builtins(case.trust).items() if k != "rpc_urls"}}
    lot = {"gtin": str(case.bundle.lot.gtin), "lot": str(case.bundle.lot.code), **printed(case.bundle)}

    told = json.dumps({**config, "shown": lot})
    phone.page.add_init_script(_TOLD.replace("TOLD", told))
    altered(phone.page, case.bundle.encode())
    page = phone.open(f"{PASSPORT}?rpc={url}")
    return {number: of_check(page, number) for number in range(11)}


def of_check(page: Page, number: int) -> tuple[str, list[tuple[str, str]]]:
    status = page.get_attribute(f"#check-{number}", "data-device")
    lines = f"#check-{number} [data-device-findings] li"
    told = page.eval_on_selector_all(lines, "all => all.map((one) => [one.dataset.code, one.textContent])")
    return str(status), sorted((code, text.removeprefix(SAID)) for code, text in told)


def printed(bundle: Bundle) -> dict[str, str | None]:
    """The number that a page shows, and by which profile: of the last footprint of the lot."""
    from backend.passports import material

    found = material.read(bundle).footprint
    if found is None:
        return {"per_tonne": None, "profile": None}
    return {"per_tonne": found.content.per_tonne, "profile": found.content.profile.id}


def compared(phone: Phone, case: Case, world: World, *others: World, most: int = 1_000_000) -> tuple[Found, Found]:
    with WorldChain(world, *others) as chain:
        chain.view, chain.unproven, chain.most = case.view, case.unproven, most
        kernel = by_kernel(case, chain.url)
        chain.asked = 0
        page = by_page(phone, case, chain.url)
        assert chain.asked <= (20 if most > 1000 else 60)
    assert phone.errors == []
    return page, kernel


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
    "certificates whose claim is rejected": (10, rejected_claim),
    "certificates of another market": (10, certified(cancelled(country="VN"))),
    "certificates of another vintage": (10, certified(cancelled(kind="GO", country="FR", cancelled="2019-07-02"))),
    "certificates for another period": (10, certified(cancelled(period=Days("2018-01-03", "2018-01-31")))),
    "certificates for another company": (10, certified(cancelled(beneficiary=str(w.FABRICATOR)))),
    "certificates for another plant": (10, certified(cancelled(facility=str(w.WORKSHOP)))),
    "certificates beyond what was cancelled": (10, certified(last=HONEST.serials[1] + 1)),
    "certificates claimed by another": (10, certified(operator=b"\xb2" * 20)),
    "certificates without their cancellation": (10, certified(cancellation=b"\x0c" * 32)),
    "certificates that break a rule": (3, certified(cancelled(country="Korea"))),
    "an input that is left out": (8, input_left_out),
    "an input corrected after its use": (None, corrected_after_use),
}


def starts_late(period: EnergyPeriod) -> EnergyPeriod:
    return msgspec.structs.replace(period, start="2018-01-02T04:30:00Z")


def of_another_carrier(period: EnergyPeriod) -> EnergyPeriod:
    (balance,) = period.balances
    return msgspec.structs.replace(period, balances=(msgspec.structs.replace(balance, carrier="natural-gas"),))


def of_heavier_lots(period: EnergyPeriod) -> EnergyPeriod:
    lots = [msgspec.structs.replace(lot, tonnes="50") for lot in period.lots]
    shares = share_out(period.balances, [Fraction(50) for _ in lots])
    told = zip(lots, shares, strict=True)
    return msgspec.structs.replace(period, lots=tuple(msgspec.structs.replace(x, overhead=s) for x, s in told))


class TestEveryMethod:
    def test_is_recomputed_as_the_kernel_recomputes_it(self, phone: Phone) -> None:
        world, _, _ = wm.methods_world()
        page, kernel = compared(phone, case(world, wm.STRIP), world)
        assert page == kernel
        recomputed = [text for code, text in page[8][1] if code == "footprint-recomputed"]
        assert all(any(f" by {name}," in text for text in recomputed) for name in m.PROFILES)

    def test_rests_on_a_period_that_may_be_withheld(self, phone: Phone) -> None:
        world, _, at = wm.methods_world()
        given = case(world, wm.STRIP)
        items = tuple(replace(i, body=None) if i.index == at.period else i for i in given.bundle.items)
        page, kernel = compared(phone, replace(given, bundle=replace(given.bundle, items=items)), world)
        assert page == kernel
        assert page[8][0] == "not checked"

    @pytest.mark.parametrize(
        "lie",
        [
            {"per_tonne": "1.000"},
            {"categories": ()},
            {"primary_data_share": "1.5"},
            {"profile": ProfileRef("pact-3", "9", "00" * 32)},
        ],
        ids=lambda lie: next(iter(lie)),
    )
    def test_contradicts_itself_though_its_facts_are_withheld(self, phone: Phone, lie: dict[str, Any]) -> None:
        world, _, at = wm.methods_world()
        spoilt = wm.changed(at.stated["pact-3"], world.id(at.footprints["pact-3"]), **lie)
        index = wm.log_stated(world, spoilt)
        world.anchor()
        given = case(world, wm.STRIP)
        items = tuple(replace(i, disclosures=()) if i.index == index else i for i in given.bundle.items)
        page, kernel = compared(phone, replace(given, bundle=replace(given.bundle, items=items)), world)
        assert agreed(page) == agreed(kernel)
        assert page[8][0] == "fail"

    @pytest.mark.parametrize("lie", [starts_late, of_another_carrier, of_heavier_lots])
    def test_takes_no_period_that_is_not_the_runs(
        self, phone: Phone, lie: Callable[[EnergyPeriod], EnergyPeriod]
    ) -> None:
        world, _, _ = wm.methods_world(lie)
        page, kernel = compared(phone, case(world, wm.STRIP), world)
        assert agreed(page) == agreed(kernel)
        assert "not-computable" in {code for code, _ in page[8][1]}

    def test_a_period_of_another_operator_is_found(self, phone: Phone) -> None:
        world, _, at = wm.methods_world()
        own = world.entries[at.period]
        world.state(world.fabricator, "urn:period", body.ENERGY_PERIOD, own.body or b"")
        stated = at.stated["pact-3"]
        wm.log_stated(world, wm.changed(stated, world.id(at.footprints["pact-3"]), period=world.id(-1)))
        world.anchor()
        page, kernel = compared(phone, case(world, wm.STRIP), world)
        assert agreed(page) == agreed(kernel)
        assert "period-foreign" in {code for code, _ in page[8][1]}


def planned(**changes: Any) -> Callable[[w.Party], MeteringPlan]:
    """A plan whose gas meter is otherwise, which no reader takes for one."""

    def lie(party: w.Party) -> MeteringPlan:
        true = wp.plan_of(party)
        points = tuple(msgspec.structs.replace(p, **changes) if p.point == "gas" else p for p in true.points)
        return msgspec.structs.replace(true, points=points)

    return lie


def replanned(**changes: Any) -> Callable[[], wp.Plant]:
    """A plant that logs a second plan, with a gas meter that no plan may have."""

    def lie() -> wp.Plant:
        made = wp.plant()
        w.log_plan(made.world, made.world.steel, planned(**changes)(made.world.steel))
        made.world.anchor()
        return made

    return lie


STATED = Conversion("calorific value", "MJ/Nm3", "supplier", value="36", basis="net")


SEGMENTS = (
    Segment("line-1", "2018-01-02T00:00:00Z", "2018-01-02T01:00:00Z"),
    Segment("line-2", "2018-01-02T00:30:00Z", "2018-01-02T02:00:00Z"),
)


def weighed(
    *lines: tuple[str, ...], kind: str = "weighed", segments: tuple[Segment, ...] = (), **changes: Any
) -> Callable[[], wp.Plant]:
    """A second record whose output lines were weighed at these times, as no reader takes it, or as he does."""

    def lie() -> wp.Plant:
        made = wp.plant()
        key = made.world.steel.gateway.public.key_id.hex()
        outputs = tuple(
            Output("product", f"coil {n}", "1", "t", Source(kind, None, tuple(
                msgspec.structs.replace(Weighing(key, "bridge", t, None, (5,)), **changes) for t in times
            )))  # type: ignore[arg-type]
            for n, times in enumerate(lines)
        )  # fmt: skip
        run = msgspec.structs.replace(made.record.run, segments=segments)
        record = msgspec.structs.replace(made.record, lot="C-7", outputs=outputs, run=run)
        claims = {k: v for k, v in msgspec.to_builtins(record).items() if v is not None}
        key_, uri = made.world.steel.key, made.world.steel.uri
        data, disclosed = disclosure.issue(key_, uri, JWT_TYPE, claims, record_members)
        made.world.state(made.world.steel, record.of.urn, body.BATCH_RECORD, data, *disclosed.values())
        made.world.anchor()
        return made

    return lie


def restated(made: wp.Plant, **members: Callable[[Footprint], Any]) -> None:
    """A newer footprint of the coil, which lies in these members."""
    signed, key, uri = made.world.entries[made.footprint], made.world.steel.key, made.world.steel.uri
    stated = Footprint.read(signed.body or b"", signed.disclosures, key.public, uri)
    told = {name: lie(stated) for name, lie in members.items()}
    newer = msgspec.structs.replace(stated, supersedes=made.world.id(made.footprint), **told)
    data, disclosed = newer.issue(key, uri)
    made.world.state(made.world.steel, COIL.urn, body.FOOTPRINT, data, *disclosed.values())
    made.world.anchor()


def implausible(**limits: Any) -> Callable[[], wp.Plant]:
    """A plan that says of the gas meter's readings what cannot be said."""
    return replanned(conversions=(STATED,), plausible=Plausible(**{"source": "plate", **limits}))


def miscounted(**counts: Any) -> Callable[[], wp.Plant]:
    """A second record of a coil, whose meters had so many suspect readings, or estimates that cannot be."""

    def lie() -> wp.Plant:
        made = wp.plant()
        activity = tuple(msgspec.structs.replace(a, **counts) for a in made.record.activity or ())
        record = msgspec.structs.replace(made.record, lot="C-7", activity=activity)
        claims = {k: v for k, v in msgspec.to_builtins(record).items() if v is not None}
        key, uri = made.world.steel.key, made.world.steel.uri
        data, disclosed = disclosure.issue(key, uri, JWT_TYPE, claims, record_members)
        made.world.state(made.world.steel, record.of.urn, body.BATCH_RECORD, data, *disclosed.values())
        made.world.anchor()
        return made

    return lie


def estimated(**rule: Any) -> Callable[[], wp.Plant]:
    """A plan that says how the gas meter's gaps are filled, as no plan may."""
    return replanned(conversions=(STATED,), estimates=msgspec.structs.replace(estimating.HALF_HOUR, **rule))


def misestimated(**changes: Any) -> Callable[[], wp.Plant]:
    """A second record, with estimates that no record may state."""
    return miscounted(estimated=msgspec.structs.replace(estimating.TRUE, **changes))


AT, LATER = "2018-01-02T01:00:00Z", "2018-01-02T02:00:00Z"
PLANTS: dict[str, Callable[[], wp.Plant]] = {
    "none": wp.plant,
    "a meter exchanged that is no register": replanned(replaced=(Replacement("2018-01-02T00:00:00Z", "9", "0"),)),
    "a tolerance of nothing known": replanned(conversions=(STATED,), tolerance="some"),
    "segments that overlap": weighed((AT,), segments=SEGMENTS),
    "one weighing for two lines": weighed((AT,), (AT,)),
    "weighed at no time": weighed(()),
    "declared with a weighing": weighed((AT,), kind="declared"),
    "full and empty at once": weighed((AT,), tare=AT),
    "weighed sometime": weighed(("yesterday",)),
    "a gateway without a key": weighed((AT,), gateway="mine"),
    "three frames": weighed((AT,), frames=(1, 2, 3)),
    "no conversion": replanned(conversions=()),
    "no carrier": replanned(carrier="moonlight"),
    "no source": replanned(conversions=(msgspec.structs.replace(STATED, source=""),)),
    "no basis": replanned(conversions=(msgspec.structs.replace(STATED, basis=None),)),
    "not at these conditions": replanned(unit="m3", conversions=(STATED,)),
    "a value that nobody reads": replanned(conversions=(msgspec.structs.replace(STATED, value=None, point="x"),)),
    "a negative value": replanned(conversions=(msgspec.structs.replace(STATED, value="-36"),)),
    "a density for an energy": replanned(conversions=(msgspec.structs.replace(STATED, quantity="density"),)),
    "weighings of an hour": replanned(kind="weight"),
    "a least that is more than the most": implausible(minimum="7", maximum="6"),
    "no number of equal readings": implausible(frozen_after=1),
    "a range of nothing known": implausible(maximum="much"),
    "neither a range nor a number": implausible(),
    "a range by nobody": implausible(maximum="6", source=" "),
    "suspect readings, fewer than none": miscounted(frozen=-1),
    "a point called worse than the record": miscounted(mode="simulated"),
    "a point of no known mode": miscounted(mode="guessed"),
    "estimates of more than a day": estimated(up_to_seconds=86401),
    "estimates of less than an interval": estimated(up_to_seconds=899),
    "estimates by no procedure": estimated(source=" "),
    "estimates between weighings": replanned(
        kind="weight", interval_seconds=1, conversions=(STATED,), estimates=estimating.HALF_HOUR
    ),
    "an estimate of nobody knows how much": misestimated(quantity="some"),
    "an estimate of no interval": misestimated(intervals=0),
    "an estimate of no time": misestimated(spans=()),
    "an estimate of one time twice": misestimated(spans=(estimating.SPAN, estimating.SPAN)),
    "an estimate before the run": misestimated(spans=(("2018-01-01T00:15:00Z", estimating.SPAN[1]),)),
    "the part of a meter of something else": replanned(conversions=(STATED,), parent="rolling"),
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


class TestAPlantThatBurnsGas:
    @pytest.mark.parametrize("lie", PLANTS)
    def test_is_judged_as_the_kernel_judges_it(self, phone: Phone, lie: str) -> None:
        made = PLANTS[lie]()
        given = case(made.world, COIL)
        page, kernel = compared(phone, given, made.world)
        assert agreed(page) == agreed(kernel)
        assert (page[0][0] == "pass" and page[3][0] == "pass") == (lie == "none")

    @pytest.mark.parametrize("untold", [False, True])
    def test_counts_no_burden_of_scrap_that_loops(self, phone: Phone, untold: bool) -> None:
        def loop(record: BatchRecord) -> BatchRecord:
            crop = Output("waste", "crop ends", "0.6", "t", w.DECLARED)
            back = Input("crop ends", "0.6", "t", w.DECLARED, material="home-scrap")
            lines = {"outputs": (*(record.outputs or ()), crop), "inputs": (*(record.inputs or ()), back)}
            return msgspec.structs.replace(record, **lines)  # type: ignore[arg-type]

        made = wp.plant(loop)
        if untold:
            restated(made, components=lambda f: tuple(c for c in f.components or () if c.subject != "home-scrap"))
        page, kernel = compared(phone, case(made.world, COIL), made.world)
        assert agreed(page) == agreed(kernel)
        assert "footprint-recomputed" in {code for code, _ in page[8][1]}
        assert (page[8][0] == "fail") == untold
        assert "input-looped" in {code for code, _ in page[9][1]}

    @pytest.mark.parametrize("unflagged", [False, True])
    def test_flags_what_its_plan_calls_implausible_or_frozen(self, phone: Phone, unflagged: bool) -> None:
        made = wp.plant(planned=suspected.limited)
        if unflagged:
            restated(made, flags=lambda _: ())
        page, kernel = compared(phone, case(made.world, COIL), made.world)
        assert agreed(page) == agreed(kernel)
        assert (page[8][0] == "fail") == unflagged

    @pytest.mark.parametrize(
        "modes",
        [
            {"gas": "simulated", "rolling": "recorded"},
            {"gas": "simulated", "rolling": "simulated"},
            {"gas": "simulated", "rolling": None},
            {"gas": "recorded", "rolling": "recorded"},
        ],
    )
    def test_says_what_is_simulated(self, phone: Phone, modes: dict[str, Any]) -> None:
        made = wp.plant(simulated.modes(**modes), simulated=("gas", "gc"))
        page, kernel = compared(phone, case(made.world, COIL), made.world)
        assert agreed(page) == agreed(kernel)
        assert any(code.startswith("simulated") for code, _ in page[7][1])

    @pytest.mark.parametrize(
        "lie", ["none", "unflagged", "called primary", "unplanned", "of a period", "too much"]
    )
    def test_says_what_is_estimated(self, phone: Phone, lie: str) -> None:
        points = () if lie == "unplanned" else ("rolling",)
        stated = wp.activity("rolling", estimated=estimating.TRUE)
        made = wp.plant(stated, estimating.estimating(*points), said=estimating.lost(5, 6, 17))
        if lie == "unflagged":
            restated(made, flags=lambda f: tuple(flag for flag in f.flags if "estimated" not in flag))
        if lie == "called primary":
            primary = {"kind": "primary", "estimated": False}
            restated(
                made, components=lambda f: tuple(msgspec.structs.replace(c, **primary) for c in f.components or ())
            )
        if lie == "of a period":
            wp.close(made)
        if lie == "too much":
            closed = wp.close(made)
            told = (msgspec.structs.replace(b, estimated=b.metered) for b in closed.balances)
            spoilt = msgspec.structs.replace(closed, balances=tuple(told))
            made.world.state(made.world.steel, "urn:period", body.ENERGY_PERIOD, spoilt.encode_body())
            made.world.anchor()
        page, kernel = compared(phone, case(made.world, COIL), made.world)
        assert agreed(page) == agreed(kernel)
        assert "estimated" in {code for code, _ in page[7][1]}
        assert ("estimate-unplanned" in {code for code, _ in page[7][1]}) == (lie == "unplanned")
        assert (page[8][0] == "fail") == (lie in ("unflagged", "called primary"))
        assert (page[0][0] == "fail" or page[3][0] == "fail") == (lie == "too much")

    @pytest.mark.parametrize("total", ["115", "120"])
    def test_says_how_meters_and_invoices_agree(self, phone: Phone, total: str) -> None:
        made = reconciled.plant(total)
        wp.close(
            made, Invoice("electricity", total, "kWh", "cd" * 32), Invoice("natural-gas", "20", "GJ", "ef" * 32)
        )
        page, kernel = compared(phone, case(made.world, COIL), made.world)
        assert agreed(page) == agreed(kernel)
        found = {code for code, _ in page[7][1]}
        assert {"reconciled" if total == "115" else "meters-differ", "invoice-agrees", "invoice-differs"} <= found

    def test_what_a_scale_weighed_is_a_claim_where_its_readings_are_withheld(self, phone: Phone) -> None:
        made = weighed((AT,), (LATER,))()
        page, kernel = compared(phone, case(made.world, COIL), made.world)
        assert agreed(page) == agreed(kernel)
        assert "quantity-unseen" in {code for code, _ in page[7][1]}


def agreed(found: Found) -> Found:
    """All but the words of some codes, which hold a library's or Python's own."""
    loose = ("disclosure-differs", "footprint-differs", "declared-differs")
    return {
        n: (status, sorted((code, "" if code in loose else text) for code, text in lines))
        for n, (status, lines) in found.items()
    }


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
