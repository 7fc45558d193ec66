"""Every exception this package raises, in one tree.

* `AlvhError`
    * `ConfigError`: the operator must edit a file or a command line.
    * `BrokerError`: the broker, or the way to it, failed; it may heal.
        * `NotConnectedError`
        * `WrongAccountError`: the gateway is not the one expected; nobody may trade.
    * `JournalError`: the journal cannot be read or written; nothing may be sent.
        * `JournalLockedError`
        * `JournalForbiddenError`
    * `ControlError`: the running daemon could not be told something.
    * `ProtocolError`: a peer broke the wire protocol; drop the connection.
        * `FrameTooLongError`
    * `InvariantError`: we are wrong; stop trading and say so.
        * `IllegalTransitionError`

An ordinary refusal (a check says no) is a value, `risk.gate.Refused`, not an
exception.
"""


class AlvhError(Exception):
    """Base of every error raised here; its message is meant for the operator."""

    exit_code = 1


class ConfigError(AlvhError):
    """The configuration or the command line is not usable as it stands."""

    exit_code = 2


class BrokerError(AlvhError):
    """The broker, or the connection to it, failed.

    `code` is the broker's own, where it said why; 0 where it did not.
    """

    exit_code = 3

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


class NotConnectedError(BrokerError):
    """A request was made while no session with the broker was up."""


class WrongAccountError(BrokerError):
    """The gateway manages another account than the one expected, or of another kind."""


class JournalError(AlvhError):
    """The journal cannot be read or written as it must be."""

    exit_code = 4


class JournalLockedError(JournalError):
    """Another process writes this journal; two daemons on one journal may not be.

    78 is EX_CONFIG: the service manager must not start this copy again.
    """

    exit_code = 78


class JournalForbiddenError(JournalError):
    """This user may not write the journal, or its disk is mounted to be read only.

    78 as above: another start would change nothing.
    """

    exit_code = 78


class ControlError(AlvhError):
    """No daemon listens, or it did not answer."""


class ProtocolError(AlvhError):
    """The peer sent bytes which the TWS protocol does not allow."""


class FrameTooLongError(ProtocolError):
    """A frame announces more bytes than any real message has."""


class InvariantError(AlvhError):
    """The program is in a state its author held to be impossible."""

    exit_code = 70


class IllegalTransitionError(InvariantError):
    """A state machine was sent a trigger its table does not list."""
