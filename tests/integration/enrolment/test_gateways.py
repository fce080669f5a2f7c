"""A gateway's key is registered for the log of its partition."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend import database
from backend.access.service import ADMIN, ApiKey
from backend.anchor.signers import Signers
from backend.context import Context
from backend.enrolment import service
from backend.errors import NotFound
from backend.log.hosting import open_logs
from backend.settings import Settings
from leafproof.chain.possession import Claim, prove
from leafproof.chain.view import Role
from leafproof.errors import InvalidInput
from leafproof.keys import SigningKey
from leafproof.values import Gln, gateway_uri
from tests.support.world import honest_world

OPERATOR = Gln("9520000009014")
CALLER = ApiKey("id", "test", frozenset([ADMIN]), None, 0, None, None)


def test_each_partition_has_gateways_of_its_own(tmp_path: Path) -> None:
    trust = honest_world()[0].trust()
    (tmp_path / "trust.json").write_bytes(trust.encode())
    owner = Signers(tmp_path / "keys").get_or_create(f"operator-{OPERATOR}").address
    settings = Settings(data=tmp_path, trust_file=tmp_path / "trust.json", log_owner=owner, partitions=(0, 1))
    engine = database.open_engine(settings)
    database.migrate(engine)
    context = Context(settings, engine, open_logs(settings, engine))
    key, log = SigningKey.generate(), context.logs.of_partition(1).log.ref.log_id
    registry = trust.contracts["KeyRegistry"].address_bytes
    with database.transaction(engine) as connection:
        company = service.admit_operator(connection, context, OPERATOR, "Steward")
        claim = Claim(trust.chain_id, registry, company.address, Role.GATEWAY, log, gateway_uri(OPERATOR, "gw-1"))
        asked = (connection, context, CALLER, OPERATOR, "gw-1", key.public.cose, prove(key, claim))
        with pytest.raises(InvalidInput):
            service.register_gateway(*asked)
        assert service.register_gateway(*asked, 1).key_id == key.public.key_id
        with pytest.raises(NotFound):
            service.register_gateway(*asked, 2)
    engine.dispose()
