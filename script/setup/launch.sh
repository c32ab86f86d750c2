# Sourced by the commands: find a Python of at least 3.11, first the one the environment was made with, and
# start a module of script/setup with it.

launch() {
    cd "$(dirname "$0")/.." || exit 1
    unset PYTHONSAFEPATH PYTHONHOME
    module=$1
    shift
    for python in ${PYTHON:-} .venv/bin/python python3 python3.11 python3.12 python3.13 python3.14; do
        if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            exec "$python" -m "script.setup.$module" "$@"
        fi
    done
    echo "No Python of at least 3.11 was found (未找到 Python 3.11 以上版本): apt-get install python3 python3-venv" >&2
    exit 1
}
