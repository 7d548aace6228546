"""Libraries without what they import at once and hardly ever use: it comes when somebody asks for it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from functools import partial
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import find_spec
from types import ModuleType

# Which module imports which without need, and what it wants of that by name. torch takes two seconds of a processor and
# 200 MB, and only components with a device ask Haystack for it. The grammar of international addresses, a package of
# JupyterLab's, takes a second, and only the formats `iri` and `iri-reference` ask jsonschema for it.
_NEEDLESS: dict[str, tuple[str, tuple[str, ...]]] = {
    "haystack.utils.device": ("torch", ()),
    "jsonschema._format": ("rfc3987_syntax", ("is_valid_syntax",)),
}


def import_when_asked() -> None:
    """From now on, in this process. Does nothing for what is imported already, or again."""
    if _LeanFinder not in sys.meta_path:
        sys.meta_path.insert(0, _LeanFinder)


class _LeanFinder:
    """Finds the modules that import without need."""

    @classmethod
    def find_spec(cls, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target) if name in _NEEDLESS else None
        if spec is not None and spec.origin is not None:
            spec.loader = _LeanLoader(name, spec.origin)
        return spec


class _LeanLoader(SourceFileLoader):
    """What the module imports without need is a stand-in for as long as the module is loaded."""

    def exec_module(self, module: ModuleType) -> None:
        needless, functions = _NEEDLESS[module.__name__]
        if needless in sys.modules or find_spec(needless) is None:
            return super().exec_module(module)
        sys.modules[needless] = stand_in = _StandIn(needless, functions)
        try:
            return super().exec_module(module)
        finally:
            if sys.modules.get(needless) is stand_in:
                del sys.modules[needless]


class _StandIn(ModuleType):
    """Imports the module whose name it has for the first attribute that somebody wants of it, or call of a function."""

    def __init__(self, name: str, functions: tuple[str, ...]) -> None:
        super().__init__(name)
        vars(self).update({function: partial(self._call, function) for function in functions})

    def __getattr__(self, name: str) -> object:
        if name == "__path__":  # `from … import` looks whether this is a package.
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)

    def _call(self, function: str, *arguments: object) -> object:
        return getattr(importlib.import_module(self.__name__), function)(*arguments)
