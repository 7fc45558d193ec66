"""Settings from environment variables: `ALVH_BROKER__PORT` is `[broker] port`."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import EnvSettingsSource

from alvh_trader.settings.model import ENV_PREFIX, Settings


class Environment(EnvSettingsSource):
    """pydantic-settings' reading of variables, of an environment that is given.

    What is wrong with a value is found when everything is validated, with the values
    of the files: here nothing is refused.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        super().__init__(Settings)
        self.env_vars = {
            name.lower(): value
            for name, value in environ.items()
            if name.upper().startswith(ENV_PREFIX)
        }

    def tree(self) -> dict[str, Any]:
        """Return the values as a tree like a file's, unknown names included."""
        known = self()
        prefix = ENV_PREFIX.lower()
        for name, value in self.env_vars.items():
            section = name.removeprefix(prefix).partition("__")[0]
            if section not in Settings.model_fields:
                known[section] = value
        return known

    def decode_complex_value(
        self, field_name: str, field: FieldInfo, value: Any
    ) -> Any:
        """Read a list or a table as JSON; leave anything else as the text it is."""
        del field_name, field
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value


def variable(key: str) -> str:
    """Return the name of the variable that sets a dotted key.

    >>> variable("broker.port")
    'ALVH_BROKER__PORT'
    """
    return ENV_PREFIX + key.upper().replace(".", "__")
