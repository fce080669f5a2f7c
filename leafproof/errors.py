"""One root for every error that the kernel raises, so that malformed input never leaks a bare ValueError."""


class LeafproofError(Exception):
    """Root of all errors of this project; its text is one sentence for a person."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidInput(LeafproofError):
    """Input from outside that breaks a rule; `field` names the part at fault."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.reason = message


class Malformed(InvalidInput):
    """Bytes that cannot be read as what they claim to be."""


class SignatureInvalid(LeafproofError):
    """A signature that does not verify, or is not in its one allowed form."""


class ProofInvalid(LeafproofError):
    """An inclusion or consistency proof that does not lead to the given root."""


class PrecisionLost(LeafproofError):
    """An exact result that the agreed number of digits cannot hold: a trap, never a silent rounding."""
