"""Bad days in virtual time: the unmodified daemon and gateway in one process."""
