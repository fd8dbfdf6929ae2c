"""`--config FILE`: the arguments of a command from a file."""

import json
from pathlib import Path
from typing import Any

import click


def read_config(context: click.Context, parameter: click.Parameter, path: str | None) -> None:
    """Takes the arguments that a YAML or JSON file has for those that the command line lacks.

    A click callback of an eager option. The file has the names of the long options, `batch-size`
    or `batch_size`, and `model`; `set` is a table of its own.

    Raises:
        click.BadParameter: the file cannot be read, or has another argument.
    """
    if path is None:
        return
    values = _read(path)
    known = {each.name for each in context.command.params} - {parameter.name}
    values = {str(name).replace("-", "_"): value for name, value in values.items()}
    known = {"set" if name == "settings" else name for name in known}
    unknown = sorted(set(values) - known)
    if unknown:
        names = ", ".join(sorted(name.replace("_", "-") for name in known))
        raise click.BadParameter(f"expected {names} in {path}. Received: {', '.join(unknown)}")
    settings = values.pop("set", None) or {}
    if not isinstance(settings, dict):
        raise click.BadParameter(f"expected set to be a table in {path}. Received: {settings!r}")
    context.meta["settings"] = {str(key): _text(value) for key, value in settings.items()}
    # As texts, since click would take 50.7 epochs for 50.
    texts = {key: value if isinstance(value, bool) else str(value) for key, value in values.items()}
    given = {key: text for key, text in texts.items() if values[key] is not None}
    context.default_map = {**(context.default_map or {}), **given}


def config_settings() -> dict[str, str]:
    """The `set` of the file of this command, `{key: text}` as `--set` has them."""
    return click.get_current_context().meta.get("settings", {})


def _read(path):
    try:
        text = Path(path).read_text(encoding="utf-8")
        if path.endswith(".json"):
            values = json.loads(text)
        else:
            import yaml

            try:
                values = yaml.safe_load(text)
            except yaml.YAMLError as error:
                raise ValueError(error) from error
    except ValueError as error:
        message = " ".join(str(error).split())
        raise click.BadParameter(f"expected YAML or JSON in {path}. Received: {message}") from error
    if not isinstance(values, dict):
        raise click.BadParameter(f"expected a table of arguments in {path}. Received: {values!r}")
    return values


def _text(value: Any) -> str:
    """A value as `--set` has it."""
    if isinstance(value, list):
        return f"({''.join(f'{_text(item)}, ' for item in value)})"
    return value if isinstance(value, str) else repr(value)
