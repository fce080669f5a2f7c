"""What services of the backend raise beside the kernel's errors; `backend.problems` turns each into an answer.

A service knows no HTTP: it says what is wrong in one sentence, and the answer's status follows from the class.
"""

from leafproof.errors import LeafproofError


class SettingsError(LeafproofError):
    """A setting that is missing or wrong; the text names it and never its secret value."""


class NotFound(LeafproofError):
    """Nothing of this name is here."""


class Gone(LeafproofError):
    """It was here and was deleted on purpose, such as a body that the law had removed."""


class NotAuthenticated(LeafproofError):
    """No API key where one is needed, or one that is unknown, expired or revoked."""


class NotAllowed(LeafproofError):
    """The API key is good, but not for this."""


class Conflict(LeafproofError):
    """It contradicts what is already there."""


class Unavailable(LeafproofError):
    """A part that this needs is down for now; asking again later may help."""


class LogDamaged(LeafproofError):
    """Stored state of a log that does not fit together; `leafproof log fsck` says where."""


class TooMany(LeafproofError):
    """Asked too often; `seconds` until it makes sense to ask again."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many uploads; ask again in {seconds} s")
        self.seconds = seconds
