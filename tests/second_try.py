"""A second, lonely try for the few tests that failed in a crowd: this machine may have been too busy for them.

    python -m tests.second_try

What fails again has failed. What passes is named: a test that only passes alone has a race in it, or has found one, and
is to be mended.
"""

from __future__ import annotations

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
    print("A second try, alone, for:", *failed, sep="\n  ", flush=True)
    again = subprocess.run([sys.executable, "-m", "pytest", "-n", "0", *failed], check=False)
    if again.returncode == 0:
        print("These failed beside other tests and passed alone, so there is a race to mend:", *failed, sep="\n  ")
    return again.returncode


if __name__ == "__main__":
    raise SystemExit(main())
