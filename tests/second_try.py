"""A second, lonely try for the few tests that failed in a crowd: this machine may have been too busy for them.

    python -m tests.second_try

What fails again has failed. What passes is named: a test that only passes alone has a race in it, or has found one, and
is to be mended. What hypothesis has found is found: it is not asked whether it finds it again.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

# More than these are no matter of chance.
MOST = 3
FAILED = Path(".pytest_cache/v/cache/lastfailed")


def main() -> int:
    """What the process exits with."""
    failed = sorted(json.loads(FAILED.read_text())) if FAILED.is_file() else []
    if not 1 <= len(failed) <= MOST:
        print(f"{len(failed)} tests have failed: no second try")
        return 1
    found = [test for test in failed if is_property(test)]
    if found:
        print("No second try for what hypothesis has found:", *found, sep="\n  ")
        return 1
    print("A second try, alone, for:", *failed, sep="\n  ", flush=True)
    again = subprocess.run([sys.executable, "-m", "pytest", "-n", "0", *failed], check=False)
    if again.returncode == 0:
        print("These failed beside other tests and passed alone, so there is a race to mend:", *failed, sep="\n  ")
    return again.returncode


def is_property(test: str) -> bool:
    """Whether hypothesis makes up what the test is given, by its decorator, or is the test, as a state machine's."""
    path, _, rest = test.partition("::")
    name = rest.rpartition("::")[2].partition("[")[0]
    if name == "runTest":
        return True
    tree = ast.parse(Path(path).read_text("utf-8"))
    functions = [each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef) and each.name == name]
    decorators = [ast.unparse(decorator) for function in functions for decorator in function.decorator_list]
    return any(decorator.startswith(("given(", "hypothesis.given(")) for decorator in decorators)


if __name__ == "__main__":
    raise SystemExit(main())
