"""Every sentence that verification can say, in English; pages translate these very texts.

Kept apart from the logic so that a translator, and a test, can see all of them at once.
"""

CHECK_NAMES = (
    "well-formed",
    "issuer's key",
    "signature",
    "disclosures match",
    "included in the log",
    "head final on the chain",
    "current",
    "evidence complete",
    "recomputed",
    "inputs verified",
    "labels and opinions",
)

VERDICTS = {
    "failed": "Failed at check {number}, {name}: {finding}",
    "pending": "Not yet anchored: the log holds this, the chain does not yet",
    "recomputed": "Records intact and recomputed",
    "intact": "Records intact as far as checked",
    "opinion": "independent verification: none",
    "attested": "meters attested",
    "self-declared": "meters self-declared",
    "chain": "chain: {network_class}",
    "missing": "not checked: {numbers}",
}

MESSAGES = {
    # 0 well-formed
    "well-formed": "{count} statements read",
    "malformed": "{reason}",
    "lacks-record": "the bundle has no batch record of this lot",
    "lacks-footprint": "the bundle has no footprint of this lot",
    "another-lot": "you asked for lot {asked}, the bundle is of lot {found}",
    "two-makers": "the bundle has records of this lot by two operators",
    # 1 issuer's key
    "key-in-force": "registered by {operator}, in force",
    "key-attested": "attested by registrar {registrar}",
    "key-self-declared": "no registrar that you trust has attested this gateway: self-declared",
    "key-unknown": "the key {key} is not registered on the chain",
    "key-unproven": "the key {key} was registered without a proof of possession",
    "key-role": "the key is registered for another role",
    "key-issuer": "the issuer signs as {issuer}, the key is registered for {registered}",
    "key-name": "the key signs as {issuer}, its operator is {operator}",
    "key-operator": "the key's operator was not admitted, or was removed before the anchor",
    "key-log": "the gateway's key belongs to another log",
    "key-compromised": "the key was reported compromised before this was anchored",
    "key-retired": "the key was retired at epoch {epoch}, sequence {sequence}, before this",
    "withheld-chain": "not checked ({reason})",
    "withheld": "not checked (withheld)",
    # 2 signature
    "signed": "{count} signatures verify",
    "signature-invalid": "{reason}",
    "key-missing": "the bundle does not hold the key {key}",
    # 3 disclosures
    "disclosed": "{count} bodies are those that were signed",
    "disclosure-differs": "{reason}",
    # 4 included
    "included": "{count} inclusion proofs lead to the heads given",
    "not-included": "{reason}",
    "other-log": "the statement is for another log than the one it is shown in",
    # 5 head final
    "head-final": "size {size} in block {block}, {time}",
    "head-pending": "the chain's newest head has {size} entries, this one {claimed}",
    "head-unknown": "the chain holds no head of size {size} with this root",
    "log-unknown": "the chain knows no such log",
    "chain-differs": "{reason}",
    "other-chain": "the log is on chain {chain}, contract {contract}: not what your trust file names",
    "witnessed": "size {size}: cosigned by {names}",
    "unwitnessed": "size {size}: cosigned by {count} of the witnesses whom you trust, you demand {required}",
    # 6 current
    "footprint-newest": (
        "the footprint by {profile} is the newest that was handed over; only a replay of the log tells whether"
        " there is a newer"
    ),
    "current": "version {version} on the chain is this record",
    "superseded": "the chain points to version {version}, another record",
    "lot-missing": "the chain knows no such lot of operator {operator}",
    "lot-pending": "the lot's pointer is not on the chain yet",
    "footprint-elsewhere": "the footprint is of a batch record that the bundle does not hold",
    "footprint-outdated": "the bundle has no footprint of its current batch record",
    "profile-outdated": "the bundle has no footprint by {profile} of its current batch record",
    "footprint-foreign": "the footprint is not by the operator of the batch record",
    "footprint-fork": "a second footprint beside {other}, and neither supersedes the other",
    # 7 evidence
    "plan-foreign": "the metering plan that the record names is another operator's, or another facility's",
    "plan-later": "the metering plan is valid from {start}, the run opened at {opened}",
    "gateway-foreign": "the gateway {key} is another operator's",
    "frames-complete": "{point}: {intervals} intervals in {frames} frames, none missing",
    "frame-gap": "frames from {first} to {last} of epoch {epoch} are missing",
    "frame-chain": "frame {sequence} of epoch {epoch} does not continue the one before it",
    "gateway-restored": (
        "epoch {epoch} does not begin where the one before ended: the gateway lost its memory, or got an older one"
        " back; what it had signed and not sent may be missing"
    ),
    "equivocation": "two different frames {sequence} of epoch {epoch}",
    "time-bounded": "{count} frames were signed after {after} and before {before}",
    "time-bounded-above": "{count} frames were signed before {before}; for some of them no block says after when",
    "beacon-later": "the frame names a block that is not older than its own anchor",
    "beacon-unknown": "{count} frames name a block in which the chain holds no anchor of their log",
    "clock-off": "the gateway's clock does not fit the chain's time in {count} frames",
    "late": "{count} frames were anchored more than a day after what they metered, up to {hours} hours",
    "metering-gap": "{point}: no reading from {start} to {end}",
    "conflict": "{point}: two readings of the interval ending {end} differ",
    "mode-differs": "the record calls its readings {stated}, their frames say {found}",
    "point-missing": "{point}: on the line by the metering plan, not in the record",
    "quantity-declared": "{name} {quantity} {unit}: declared, unverified",
    "quantity-document": "{name} {quantity} {unit}: by a document that is not part of this bundle",
    "quantity-weighed": "{name} {quantity} {unit}: weighed at {points}, by signed readings",
    "quantity-unseen": "{name} {quantity} {unit}: said to be weighed at {points}; the readings were not looked at",
    "recorded": "recorded data: measured {measured}, entered {entered}",
    "simulated": "the readings are simulated",
    # 8 recomputed
    "activity-recomputed": "{point}: {quantity} {unit} from raw readings, the same digits",
    "weighed": "{name} {quantity} {unit}: the same as in {count} weighings",
    "weighed-differs": "{name}: the record says {quantity} {unit}, the scale weighed {weighed}",
    "weighing-foreign": "{name}: the metering plan has no scale {point} of that gateway",
    "weighing-missing": "{name}: {point} has no reading of {time}",
    "carrier-differs": "{point}: the record says {stated}, the metering plan {planned}",
    "activity-differs": "{point}: the record says {stated} {unit}, the readings give {computed}",
    "footprint-recomputed": "{value} kg CO2e per tonne by {profile}, the same digits",
    "footprint-differs": "{part}: the footprint says {stated}, recomputed {computed}",
    "period-foreign": "the energy period is not by the operator of the batch record",
    "factors-published": "factors by {publisher}, whom you trust for that",
    "factors-unknown": "factors by {publisher}, whom your trust file does not name as a publisher",
    "not-computable": "{reason}",
    # 9 inputs
    "input-verified": "{lot}: {quantity} {unit}, {shares} of its shares spent on this lot",
    "input-material": "{name}: no upstream evidence, secondary data",
    "input-unspent": "{lot}: the chain holds no spending of its shares for this lot",
    "input-shares": "{lot}: {quantity} {unit} would take {expected} shares, the chain holds {spent}",
    "input-unstated": "shares of {token} are spent on this lot, and its record does not name it",
    "input-maker": "{lot}: the record says that {stated} made it, its evidence is by {maker}",
    "input-missing": "{lot}: its record or footprint is not in the bundle",
    "input-footprint": "{lot}: the footprint used is of no record that the chain ever pointed to",
    "input-pending": "{lot}: the chain does not point to the record of the footprint used yet",
    "input-corrected": "{lot}: was corrected since, to version {version}; this lot counts with the one before",
    "no-inputs": "no inputs",
    # 10 labels
    "no-labels": "no label is claimed",
}
