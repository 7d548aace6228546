#!/usr/bin/env bash
# Builds .venv-rasa from apps/rasa/requirements.lock, once; does nothing when it is up to date. Rasa needs Python 3.10
# and TensorFlow, so it lives apart. Everything works without it: a failure is one line and no error.
set -uo pipefail
cd "$(dirname "$0")/.."

venv=.venv-rasa
uv=.venv/bin/uv
stamp="$venv/.installed"
want=$(cat apps/rasa/requirements.lock deploy/rasa_environment.sh | sha256sum | cut -d' ' -f1)
[ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ] && [ -x "$venv/bin/python" ] && exit 0

without() {
    echo "no Rasa: $1. Messages are understood by the local classifier." >&2
    exit 0
}

is_310() { "$1" -c 'import sys; raise SystemExit(sys.version_info[:2] != (3, 10))' >/dev/null 2>&1; }

# Pyenv's shims are found in PATH and fail, hence each candidate is run.
find_python() {
    local candidate
    for candidate in "${RASA_PYTHON:-}" "$HOME"/.pyenv/versions/3.10.*/bin/python3.10 \
        "$HOME"/.local/share/uv/python/cpython-3.10.*/bin/python3.10 /usr/bin/python3.10 python3.10; do
        if [ -n "$candidate" ] && is_310 "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    "$uv" python install --quiet 3.10 >/dev/null 2>&1 || return 1
    candidate=$("$uv" python find --managed-python 3.10 2>/dev/null) && is_310 "$candidate" && echo "$candidate"
}

if [ -n "${RASA_PYTHON:-}" ] && ! is_310 "$RASA_PYTHON"; then
    without "RASA_PYTHON=$RASA_PYTHON is no Python 3.10"
fi
python=$(find_python) || without "Python 3.10 was not found (name it: make run RASA_PYTHON=/path/to/python3.10)"

. deploy/pip_settings.sh .venv/bin/python
echo "[rasa] environment: $("$python" --version) in $venv"
# Never cleared in place: a half-built environment must not look like a whole one.
rm -rf "$venv"
"$uv" venv --quiet --python "$python" "$venv" || without "$venv could not be made"
"$uv" pip install --python "$venv/bin/python" --compile-bytecode --requirements apps/rasa/requirements.lock \
    || without "its packages could not be installed (see above)"
echo "$want" > "$stamp"
