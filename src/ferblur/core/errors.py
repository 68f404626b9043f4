"""Errors the user can fix."""


class UserError(Exception):
    """Bad input or a bad parameter.

    The message is one line naming the file or the key, the value, and what is allowed; a stage
    prints it without a traceback and exits with status 1.
    """
