"""`python -m dispatch.kernel`: see `command`."""

import sys

from dispatch.kernel.command import main

sys.exit(main())
