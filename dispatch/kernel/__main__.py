"""`python -m dispatch.kernel`: see `command`."""

import sys

from dispatch.kernel.command import main

if sys.stdout is not None:
    sys.stdout.reconfigure(errors="backslashreplace")  # an encoding without the letter is no error
sys.exit(main())
