#!/usr/bin/env bash
# Builds .venv from requirements.lock, once; does nothing when it is up to date.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=.venv
uv_version=0.13.9
stamp="$venv/.installed"
want=$(cat requirements.lock pyproject.toml deploy/environment.sh | sha256sum | cut -d' ' -f1)
[ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ] && exit 0

find_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3.11 "$HOME"/.pyenv/versions/3.11.*/bin/python3.11 /usr/bin/python3.11 python3; do
        [ -n "$candidate" ] || continue
        if "$candidate" -c 'import sys; raise SystemExit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "Python 3.11 is needed and was not found. Install it, or name it: make run PYTHON=/path/to/python3.11" >&2
    return 1
}

python=$(find_python)
echo "[1/3] environment: $("$python" --version) in $venv"
"$venv/bin/python" -c 'import sys; raise SystemExit(sys.version_info[:2] != (3, 11))' 2>/dev/null || "$python" -m venv --clear "$venv"
"$venv/bin/python" -m pip --version >/dev/null 2>&1 || "$venv/bin/python" -m ensurepip >/dev/null
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check "uv==$uv_version"

. deploy/pip_settings.sh "$venv/bin/python"

echo "[2/3] packages: exactly those of requirements.lock (some minutes the first time)"
"$venv/bin/uv" pip install --python "$venv/bin/python" --compile-bytecode --requirements requirements.lock
echo "[3/3] this project"
"$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --no-deps --editable .
echo "$want" > "$stamp"
