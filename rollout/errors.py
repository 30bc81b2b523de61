"""What goes wrong in a way that the operator can mend."""


class RolloutError(Exception):
    """A refusal or failure with a message for people; commands end with status 1.

    The message says, in order: what happened, what state things are in, the likely
    cause, the next command. It is printed as it stands, without a traceback.
    """
