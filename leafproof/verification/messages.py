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
    "opinion-known": "independent verification of the declared footprint: {assurance} assurance by {verifier}",
    "opinion-unknown": (
        "independent verification of the declared footprint: {assurance} assurance by {issuer}, whom your trust"
        " file does not name as a verifier"
    ),
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
    "too-many-records": "the bundle has more than {count} batch records: it is not judged",
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
    "footprint-newest": "the newest footprint by {profile} that was handed over; only a replay tells of a newer",
    "current": "version {version} on the chain is this record",
    "superseded": "the chain points to version {version}, another record",
    "lot-missing": "the chain knows no such lot of operator {operator}",
    "lot-pending": "the lot's pointer is not on the chain yet",
    "footprint-elsewhere": "the footprint is of a batch record that the bundle does not hold",
    "footprint-outdated": "the bundle has no footprint of its current batch record",
    "profile-outdated": "the bundle has no footprint by {profile} of its current batch record",
    "footprint-foreign": "the footprint is not by the operator of the batch record",
    "footprint-fork": "a second footprint beside {other}, and neither supersedes the other",
    "supersedes-elsewhere": "it supersedes what is another maker's, or about something else",
    "declared-elsewhere": "the declared footprint is of another product, plant or period than this lot's",
    "declared-foreign": "the declared footprint is not by the operator of the batch record",
    "declared-fork": "its period overlaps that of {other}, and neither supersedes the other",
    "lot-corrected": "this is not the first record: {what} corrected by {by}: {reason}",
    "correction-unstated": "this is not the first record, and the bundle has no correction that says why",
    # 7 evidence
    "plan-foreign": "the metering plan that the record names is another operator's, or another facility's",
    "plan-later": "the metering plan counts from {start}, the run opened at {opened}",
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
    "evidence-grade": "{points}: evidence grade: {grade}",
    "readings-implausible": "{point}: {count} readings are outside the range of the metering plan; they count",
    "readings-frozen": "{point}: {count} readings are of a meter that repeated itself; they count",
    "suspects-differ": (
        "{point}: the record states {implausible} implausible and {frozen} frozen readings; there are"
        " {found_implausible} and {found_frozen}"
    ),
    "estimated": "{point}: {quantity} {unit} ({percent} %) estimated, in {count} intervals",
    "estimate-unplanned": "{point}: the metering plan has no estimate of {start} to {end}",
    "conflict": "{point}: two readings of the interval ending {end} differ",
    "mode-differs": "the record calls its readings {stated}, their frames say {found}",
    "point-mode-differs": "{point}: the record calls its readings {stated}, their frames say {found}",
    "point-missing": "{point}: on the line by the metering plan, not in the record",
    "quantity-declared": "{name} {quantity} {unit}: declared, unverified",
    "quantity-document": "{name} {quantity} {unit}: by a document that is not part of this bundle",
    "quantity-weighed": "{name} {quantity} {unit}: weighed at {points}, by signed readings",
    "quantity-unseen": "{name} {quantity} {unit}: said to be weighed at {points}; the readings were not looked at",
    "recorded": "recorded data: measured {measured}, entered {entered}",
    "simulated": "the readings are simulated",
    "simulated-carrier": "the readings of {carrier} are simulated",
    "reconciled": (
        "{point} metered {metered} {unit}, its sub-meters {parts}: {difference} apart, within {tolerance} %"
    ),
    "meters-differ": (
        "{point} metered {metered} {unit}, its sub-meters {parts}: {difference} apart, more than {tolerance} %"
    ),
    "unreconciled": "{point}: the energy period does not say how it agrees with its sub-meters",
    "invoice-agrees": "{carrier}: {metered} {unit} metered, {invoiced} invoiced: {difference} apart, as allowed",
    "invoice-differs": (
        "{carrier}: {metered} {unit} metered, {invoiced} invoiced: {difference} apart, more than is allowed"
    ),
    # 8 recomputed
    "activity-recomputed": "{point}: {quantity} {unit} from raw readings, the same digits",
    "weighed": "{name} {quantity} {unit}: the same as in {count} weighings",
    "weighed-differs": "{name}: the record says {quantity} {unit}, the scale weighed {weighed}",
    "weighing-foreign": "{name}: the metering plan has no scale {point} of that gateway",
    "weighing-missing": "{name}: {point} has no reading of {time}",
    "carrier-differs": "{point}: the record says {stated}, the metering plan {planned}",
    "activity-differs": "{point}: the record says {stated} {unit}, the readings give {computed}",
    "estimate-gap": "{point}: {start} to {end} is estimated, and stays a gap by the metering plan's method",
    "estimate-read": "{point}: {start} to {end} is estimated, and there are readings",
    "estimate-differs": "{point}: the record estimates {stated}, the metering plan's method gives {computed}",
    "footprint-recomputed": "{value} kg CO2e per tonne by {profile}, the same digits",
    "footprint-differs": "{part}: the footprint says {stated}, recomputed {computed}",
    "period-foreign": "the energy period is not by the operator of the batch record",
    "factors-published": "factors by {publisher}, whom you trust for that",
    "factors-unknown": "factors by {publisher}, no publisher whom your trust file names",
    "not-computable": "{reason}",
    "declared-recomputed": (
        "{value} kg CO2e per tonne is the mean of its {count} lots; only a replay tells whether it names all"
    ),
    "declared-differs": "{part}: the declared footprint says {stated}, its lots give {computed}",
    "declared-size": "it speaks for the first {size} entries of the log and stands at entry {index}",
    "declared-short": "its reference period has {days} days, less than a year: they may be the good ones",
    "declared-left-out": (
        "the declared footprint, entry {entry}, leaves out the footprint of this lot that stood before it"
    ),
    "declared-outdated": "the declared footprint, entry {entry}, is older than this lot's footprint",
    "declared-line": "the declared footprint, entry {entry}, counts this lot with other numbers than its own",
    "lot-deviation": (
        "{percent} % against the declared {value} kg CO2e per tonne, mean of {count} lots from {start} to {end}"
    ),
    "stage-measured": (
        "{stage} after the gate ({name}), measured, as its issuer says: {value} kg CO2e per tonne, not in the"
        " footprint"
    ),
    "stage-supplier-stated": (
        "{stage} after the gate ({name}), as a supplier states: {value} kg CO2e per tonne, not in the footprint"
    ),
    "stage-scenario": "{stage} after the gate ({name}), a scenario: {value} kg CO2e per tonne, in no total",
    "stage-differs": "the stage says {stated} kg CO2e per tonne, its lines give {computed}",
    "stage-elsewhere": "the stage is of another lot",
    "stage-foreign": "the stage is not by the operator of the batch record",
    "stage-fork": "a second stage of this name beside {other}, and neither supersedes the other",
    # 9 inputs
    "input-verified": "{lot}: {quantity} {unit}, {shares} of its shares spent on this lot",
    "input-looped": "{name}: the run's own scrap, without burden",
    "input-material": "{name}: no upstream evidence, secondary data",
    "input-unproven": "{name}: said to be lot {lot}, of which there is no evidence; secondary data",
    "input-secondary": "{lot}: counted by a secondary factor, and its footprint by {profile} is here",
    "input-unspent": "{lot}: the chain holds no spending of its shares for this lot",
    "input-shares": "{lot}: {quantity} {unit} would take {expected} shares, the chain holds {spent}",
    "input-unstated": "shares of {token} are spent on this lot, and its record does not name it",
    "input-maker": "{lot}: the record says that {stated} made it, its evidence is by {maker}",
    "input-missing": "{lot}: its record or footprint is not in the bundle",
    "input-footprint": "{lot}: the footprint used is of no record that the chain ever pointed to",
    "input-pending": "{lot}: the chain does not point to the record of the footprint used yet",
    "input-corrected": "{lot}: was corrected since, to version {version}; this lot counts with the one before",
    "input-cycle": "a lot cannot be made from itself: {path}",
    "no-inputs": "no inputs",
    "input-lot-corrected": "{what} corrected by {by}: {reason}",
    "input-changed": (
        "{lot}: its footprint went from {before} to {after} kg CO2e per tonne since: {delta} on a tonne"
        " of this lot"
    ),
    "custody-mass-balance": "chain of custody by mass balance: the material itself may be from elsewhere",
    "custody-book-and-claim": "chain of custody by book and claim: the claim was bought apart from the material",
    "custody-stricter": "the lot claims a stricter chain of custody than its input {lot}",
    # 10 labels
    "no-labels": "no label is claimed",
    "label-issued": "{scheme} label {label} by {certifier}, from {start} until {until}",
    "label-unstated": "label {label} is on the chain, its statement is not here",
    "label-missing": "a label under {scheme} that is not on the chain",
    "label-differs": "label {label}: {part} is not what the chain or this lot says",
    "label-unaccredited": "{certifier} was not accredited for {scheme} when label {label} was issued",
    "label-scope": "label {label}: {category} is outside the scheme, or the accreditation",
    "label-category": "label {label} is for {category}, the lot is classified as {categories}",
    "label-unclassified": "label {label}: not checked whether the lot is {category}: it is not classified",
    "label-time": "label {label} counts from {start} until {until}, not now",
    "label-ended": "label {label} is {status} since {time}: {reason}",
    "label-met": "label {label}: all {count} criteria are met, {attested} of them attested by the certifier alone",
    "label-criterion": "label {label}: not met: {criterion}; found: {found}",
    "label-evidence": "label {label}: the evidence is not here: {criterion}",
    "label-used": "label {label} rests on label {used}, which was {status} then",
    "label-recognised": "label {label} is recognised in {market} by agreement {agreement}",
    "label-unrecognised": "{market} does not recognise {scheme} for {category}",
    "label-partly": "{market} accepts of {scheme} only: {accepted}",
    "label-agreement": "{market}: the agreement {agreement} is not here, or says something else",
    "label-claims": "label {label} claims {market}, which did not recognise it when it was issued",
    "classified": "{code} of {edition}, by version {version} of the living list: {categories}",
    "classified-foreign": "classified by an operator who has no such lot on the chain",
    "classified-version": "classified by version {version} of the living list, {held} was in force",
    "classified-differs": "by the living list its categories are {expected}, not {stated}",
    "classified-list": "version {version} of the living list is not here",
    "opinion-given": (
        "{verifier} ({issuer}, accredited: {accreditation}) verified the declared footprint by {standard}:"
        " {assurance} assurance, materiality {materiality} %"
    ),
    "opinion-modified": "{verifier} ({issuer}) has reservations: {reason}",
    "opinion-unknown": "{verifier} ({issuer}) is no verifier whom your trust file names",
    "opinion-against": "{verifier} ({issuer}) does not stand by the declared footprint, {conclusion}: {reason}",
    "opinion-outdated": "{verifier} ({issuer}) verified an earlier declared footprint, superseded since",
    "opinion-beside": "what was verified is the mean by {method}, not by the method of the number shown",
    "opinion-own": "the opinion is by the operator who declared the footprint",
    "opinion-differs": "{part}: the opinion is not on what the declared footprint says",
    "opinion-elsewhere": "the opinion is on a declared footprint that the bundle does not hold",
    "opinion-fork": "a second opinion of one verifier beside {other}, and neither supersedes the other",
    "claimed": "{kind} {first} to {last} of {registry}, {wh} Wh of {source} in {country}: claimed for this lot",
    "claim-counted": "serials {first} to {last}: counted by {profile}",
    "claim-lacking": "{profile} counts {first} to {last}, not claimed for this lot",
    "claim-attested": "registrar {registrar} says that {registry} cancelled them for the maker",
    "claim-not-exclusive": "not exclusive: no registrar whom you trust says that {registry} cancelled them",
    "claim-missing": "serials {first} to {last} of {registry}: not claimed for this lot on the chain",
    "claim-unstated": "serials {first} to {last} are claimed, and no statement of their cancellation is here",
    "claim-rejected": "the registry rejected the claim of serials {first} to {last}",
    "claim-serials": "the claim of serials {first} to {last} is not within the cancellation that it names",
    "claim-foreign": "{operator} claims or states it, who did not make this lot",
    "claim-beneficiary": "cancelled for {beneficiary}, the lot was made by {maker}",
    "claim-facility": "cancelled for facility {stated}, the lot was made at {facility}",
    "claim-period": "cancelled for use from {start} to {end}, the lot was made from {opened} to {closed}",
    "claim-vintage": "{kind} of {generated}, cancelled on {cancelled}: the vintage does not count",
    "claim-market": "{kind} from {country}, used in {used}: not one market",
    "claim-older": "the claim of serials {first} to {last} names an earlier footprint of this lot",
    "claim-footprint": "the claim of serials {first} to {last} names a footprint that is none of this lot's here",
}
