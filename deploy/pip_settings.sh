# Sourced by the scripts that build environments: hands pip's own settings (index, find-links, certificates) to uv,
# which does not read them. `$1`: a Python that has pip.
pip_setting() { "$1" -m pip config get "global.$2" 2>/dev/null || true; }
links="${PIP_FIND_LINKS:-$(pip_setting "$1" find-links)}"
index="${PIP_INDEX_URL:-$(pip_setting "$1" index-url)}"
more="${PIP_EXTRA_INDEX_URL:-$(pip_setting "$1" extra-index-url)}"
certificates="${PIP_CERT:-$(pip_setting "$1" cert)}"
if [ -n "$links" ]; then UV_FIND_LINKS=$(echo $links | tr ' ' ','); export UV_FIND_LINKS; fi
if [ -n "$index" ]; then export UV_DEFAULT_INDEX="$index"; fi
# As pip does, whichever index has the pinned version.
if [ -n "$more" ]; then UV_INDEX=$(echo $more); export UV_INDEX UV_INDEX_STRATEGY=unsafe-best-match; fi
if [ -n "$certificates" ]; then export SSL_CERT_FILE="$certificates"; fi
